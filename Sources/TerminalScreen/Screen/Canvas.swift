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
    /// Where the character before the next one is and ends; nil where no text wraps.
    private var last: (row: Int, end: Int)?
    /// Whether rows have moved since then.
    private var hasScrolled = false
    /// What is put instead of the character that libvterm is given.
    private var standsFor: UInt32?

    init(rows: Int, columns: Int, historyLimit: Int) {
        grid = Grid(rows: rows, columns: columns)
        history = History(limit: historyLimit)
    }

    // MARK: Events

    /// Text follows, behind the character that ends in this column. What does not fit goes to the next row.
    func beginWrappingText(row: Int, column: Int) {
        last = (row, column)
        hasScrolled = false
    }

    /// What follows is no text.
    func endText() { last = nil }

    /// One character follows, in whose place libvterm is given another of the same width.
    func beginStandIn(for scalar: Unicode.Scalar?) { standsFor = scalar?.value }

    func put(_ scalar: UInt32, width: Int, row: Int, column: Int) {
        // One of two columns wraps where a single one is left.
        if column == 0, let last, last.end > 0, last.end + width > grid.columns, row != last.row || hasScrolled {
            if row > 0 {
                grid.setWrapped(row - 1, to: true)
            } else if covered == nil {
                history.wrapLast(at: grid.columns)
            }
        }
        grid.put(standsFor ?? scalar, width: width, style: pen, row: row, column: column)
        hasReachedEdge = column + width >= grid.columns
        if last != nil { last = (row, column + width) }
        hasScrolled = false
    }

    func scroll(rows: Range<Int>, columns: Range<Int>, downward: Int, rightward: Int) {
        if downward > 0, rows.lowerBound == 0, columns == 0..<grid.columns, covered == nil, keepsScrolledLines {
            for row in 0..<min(downward, rows.upperBound) { history.append(History.Line(grid, row: row)) }
        }
        hasScrolled = true
        // What a line of the history went on in is not below it any more.
        if rows.lowerBound == 0, covered == nil, downward < 0 || downward >= rows.count || !keepsScrolledLines {
            history.wrapLast(at: 0)
        }
        if downward != 0 { grid.scroll(rows: rows, columns: columns, up: downward, style: pen.erased) }
        if rightward != 0 { grid.shift(rows: rows, columns: columns, left: rightward, style: pen.erased) }
    }

    func erase(rows: Range<Int>, columns: Range<Int>) {
        if rows.contains(0), columns == 0..<grid.columns, covered == nil { history.wrapLast(at: 0) }
        grid.erase(rows: rows, columns: columns, style: pen.erased)
    }

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

    /// Changes the size of both screens. In another width the main one wraps its text anew (``Reflow``), and the alternate one, which
    /// programs draw for its size, is cut off. Each is cut off at its bottom, but no higher than its cursor: then lines go at the top,
    /// those of the main screen into the history. From there they come back when there is more room.
    /// - Parameters:
    ///   - cursor: of the screen that is shown; moved with its line. Behind the last column where a character is to wrap.
    ///   - savedMain: what DECSC saved on the main screen, and where its cursor is while the alternate one is shown.
    ///   - savedAlternate: what DECSC saved on the alternate screen.
    func resize(
        rows: Int, columns: Int, cursor: inout Reflow.Place, savedMain: inout Reflow.Place,
        savedAlternate: inout Reflow.Place
    ) {
        guard var main = covered else {
            resizeMain(&grid, rows: rows, columns: columns, cursor: &cursor, other: &savedMain)
            return
        }
        var unused = savedMain
        resizeMain(&main, rows: rows, columns: columns, cursor: &savedMain, other: &unused)
        covered = main
        let gone = max(0, cursor.line - (rows - 1))
        grid = grid.resized(rows: rows, columns: columns, above: [], droppingFirst: gone)
        cursor.line -= gone
        savedAlternate.line -= gone
    }

    private func resizeMain(
        _ grid: inout Grid, rows: Int, columns: Int, cursor: inout Reflow.Place, other: inout Reflow.Place
    ) {
        if columns == grid.columns {
            let gone = max(0, cursor.line - (rows - 1))
            for row in 0..<gone { history.append(History.Line(grid, row: row)) }
            let returned = rows > grid.rows ? history.removeLast(min(rows - grid.rows, history.count)) : []
            grid = grid.resized(rows: rows, columns: columns, above: returned, droppingFirst: gone)
            cursor.line += returned.count - gone
            other.line += returned.count - gone
        } else {
            reflowMain(&grid, rows: rows, columns: columns, cursor: &cursor, other: &other)
        }
    }

    private func reflowMain(
        _ grid: inout Grid, rows: Int, columns: Int, cursor: inout Reflow.Place, other: inout Reflow.Place
    ) {
        let lastUsed = (0..<grid.rows).last { PackedCell.textCount(grid.line($0)) > 0 } ?? 0
        let used = max(lastUsed, cursor.line) + 1
        let returned = history.count
        let old = history.removeLast(returned) + (0..<used).map { History.Line(grid, row: $0) }
        cursor.line += returned
        other.line = min(max(other.line, 0), used - 1) + returned
        var places = [other, Reflow.Place(line: returned, column: 0)]
        let lines = Reflow(old, from: grid.columns, to: columns, cursor: &cursor, places: &places).lines
        var top = places[1].line
        // A screen that was filled stays so; else there is more room only where it has become higher.
        if used == grid.rows { top = min(top, max(0, lines.count - rows)) }
        top = max(0, top - max(0, rows - grid.rows))
        top = max(top, min(lines.count - rows, cursor.line), cursor.line - rows + 1)
        for line in lines.prefix(top) { history.append(line) }
        grid = grid.resized(
            rows: rows, columns: columns, above: Array(lines.dropFirst(top).prefix(rows)), droppingFirst: grid.rows)
        cursor.line -= top
        other = Reflow.Place(line: places[0].line - top, column: places[0].column)
    }
}
