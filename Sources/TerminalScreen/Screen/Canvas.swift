/// The cells of a screen, its history and the pen: what libvterm's events act on.
final class Canvas {
    /// The screen that is shown.
    var grid: Grid
    /// The main screen while the alternate one is shown.
    private(set) var covered: Grid?
    private(set) var history: History
    private(set) var clusters = ClusterTable()
    var pen = PackedStyle()
    /// Whether lines that leave the main screen at its top go into the history. Deleted lines do not.
    var keepsScrolledLines = true
    /// Whether the character written last reached the last column.
    private(set) var hasReachedEdge = false
    /// Where the character before the next one ends, in its row; nil where no text wraps.
    private var lastEnd: Int?
    /// What is put instead of the character that libvterm is given.
    private var standsFor: UInt32?

    init(rows: Int, columns: Int, historyLimit: Int) {
        grid = Grid(rows: rows, columns: columns)
        history = History(limit: historyLimit)
    }

    // MARK: Events

    /// Text follows, the first character of it in this column, or after the last one where that is filled.
    /// - Parameter wraps: Whether what does not fit goes to the next row.
    func beginText(at column: Int, wraps: Bool) { lastEnd = wraps ? column : nil }

    /// One character follows, in whose place libvterm is given another of the same width.
    func beginStandIn(for scalar: Unicode.Scalar?) { standsFor = scalar?.value }

    func put(_ scalar: UInt32, width: Int, row: Int, column: Int) {
        // One of two columns wraps where a single one is left.
        if column == 0, let end = lastEnd, end > 0, end + width > grid.columns {
            if row > 0 {
                grid.setWrapped(row - 1, to: true)
            } else if covered == nil {
                history.wrapLast(at: grid.columns)
            }
        }
        grid.put(standsFor ?? scalar, width: width, style: pen, row: row, column: column)
        hasReachedEdge = column + width >= grid.columns
        if lastEnd != nil { lastEnd = column + width }
    }

    func scroll(rows: Range<Int>, columns: Range<Int>, downward: Int, rightward: Int) {
        if downward > 0, rows.lowerBound == 0, columns == 0..<grid.columns, covered == nil, keepsScrolledLines {
            for row in 0..<min(downward, rows.upperBound) {
                history.append(grid.line(row), isWrapped: grid.isWrapped(row))
            }
        }
        if downward != 0 { grid.scroll(rows: rows, columns: columns, up: downward, style: pen.erased) }
        if rightward != 0 { grid.shift(rows: rows, columns: columns, left: rightward, style: pen.erased) }
    }

    func erase(rows: Range<Int>, columns: Range<Int>) { grid.erase(rows: rows, columns: columns, style: pen.erased) }

    /// Writes ASCII that does not reach the last column.
    func put(ascii text: Slice<UnsafeBufferPointer<UInt8>>, row: Int, column: Int) {
        grid.put(ascii: text, style: pen, row: row, column: column)
        hasReachedEdge = false
    }

    // MARK: Marks

    /// Adds a mark to the character in a cell.
    func attach(_ mark: Unicode.Scalar, row: Int, column: Int) {
        let first = grid[row, column].width == 0 && column > 0 ? column - 1 : column
        if clusters.isFull { compactClusters() }
        grid[row, first].glyph = clusters.adding(mark, to: grid[row, first].glyph)
    }

    private func compactClusters() {
        var used: Set<UInt32> = []
        func note(_ glyph: UInt32) -> UInt32 {
            if glyph & ClusterTable.flag != 0 { used.insert(glyph) }
            return glyph
        }
        replaceGlyphs(note)
        let renamed = clusters.compact(keeping: used)
        replaceGlyphs { renamed[$0] ?? $0 }
    }

    private func replaceGlyphs(_ change: (UInt32) -> UInt32) {
        grid.replaceGlyphs(change)
        covered?.replaceGlyphs(change)
        history.replaceGlyphs(change)
    }

    // MARK: Screens

    /// Shows a blank alternate screen.
    func showAlternate() {
        if covered != nil { return }
        covered = grid
        grid = Grid(rows: grid.rows, columns: grid.columns, style: pen.erased)
    }

    /// Shows the main screen again, and forgets the alternate one.
    func showMain() {
        guard let main = covered else { return }
        grid = main
        covered = nil
    }

    func clearHistory() { history.removeAll() }

    /// Changes the size of both screens. Each is cut off at its bottom, but no higher than its cursor: then lines go at the top,
    /// those of the main screen into the history. From there they come back when there is more room.
    /// - Returns: how many rows down the shown screen's content has moved, and the main screen's.
    func resize(rows: Int, columns: Int, cursorRow: Int, mainCursorRow: Int) -> (shown: Int, main: Int) {
        guard let main = covered else {
            let moved = resizeMain(&grid, rows: rows, columns: columns, cursorRow: cursorRow)
            return (moved, moved)
        }
        var resizedMain = main
        let movedMain = resizeMain(&resizedMain, rows: rows, columns: columns, cursorRow: mainCursorRow)
        covered = resizedMain
        let gone = max(0, cursorRow - (rows - 1))
        grid = grid.resized(rows: rows, columns: columns, above: [], droppingFirst: gone)
        return (-gone, movedMain)
    }

    private func resizeMain(_ grid: inout Grid, rows: Int, columns: Int, cursorRow: Int) -> Int {
        let gone = max(0, cursorRow - (rows - 1))
        for row in 0..<gone { history.append(grid.line(row), isWrapped: grid.isWrapped(row)) }
        let returned = rows > grid.rows ? history.removeLast(min(rows - grid.rows, history.count)) : []
        grid = grid.resized(rows: rows, columns: columns, above: returned, droppingFirst: gone)
        return returned.count - gone
    }
}
