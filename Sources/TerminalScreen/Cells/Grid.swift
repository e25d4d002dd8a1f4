/// The cells of one screen, the main or the alternate one.
///
/// Its operations keep the two columns of a wide character together: where one half is overwritten, moved or erased, the
/// other becomes blank.
///
/// It knows which rows go on in the next one because text wrapped there. Whoever writes or erases the end of a row, or moves rows
/// apart, ends that.
struct Grid {
    private(set) var rows: Int
    private(set) var columns: Int
    private var cells: [PackedCell]
    /// Where each row's cells begin in `cells`, so that scrolling moves numbers.
    private var starts: [Int]
    /// Whether text goes on in the next row, by the place of a row's cells.
    private var wraps: [Bool]

    /// Makes blank cells.
    init(rows: Int, columns: Int, style: PackedStyle = PackedStyle()) {
        self.rows = rows
        self.columns = columns
        cells = Array(repeating: .blank(style), count: rows * columns)
        starts = (0..<rows).map { $0 * columns }
        wraps = Array(repeating: false, count: rows)
    }

    subscript(row: Int, column: Int) -> PackedCell {
        get { cells[starts[row] + column] }
        set { cells[starts[row] + column] = newValue }
    }

    /// The cells of a row.
    func line(_ row: Int) -> ArraySlice<PackedCell> { cells[starts[row]..<(starts[row] + columns)] }

    /// Whether the text of a row goes on in the next one.
    func isWrapped(_ row: Int) -> Bool { wraps[starts[row] / columns] }

    /// Notes whether the text of a row goes on in the next one.
    mutating func setWrapped(_ row: Int, to isWrapped: Bool) { wraps[starts[row] / columns] = isWrapped }

    /// The same cells in another size, with lines put above them and the first rows dropped.
    func resized(rows: Int, columns: Int, above: [History.Line], droppingFirst dropped: Int) -> Grid {
        var grid = Grid(rows: rows, columns: columns)
        for (row, line) in above.enumerated() {
            grid.setLine(row, to: line.cells)
            grid.setWrapped(row, to: line.isWrapped(at: columns))
        }
        for row in dropped..<self.rows where row - dropped + above.count < rows {
            grid.setLine(row - dropped + above.count, to: line(row))
            grid.setWrapped(row - dropped + above.count, to: isWrapped(row) && columns == self.columns)
        }
        // What it went on in is not there any more.
        grid.setWrapped(rows - 1, to: false)
        return grid
    }

    /// Replaces a row; what is too long is cut off, what is missing is blank.
    private mutating func setLine(_ row: Int, to line: some Collection<PackedCell>) {
        let start = starts[row]
        var column = 0
        for cell in line.prefix(columns) {
            cells[start + column] = cell
            column += 1
        }
        fill(row, column..<columns, with: .blank())
        mend(row, at: columns)
    }

    /// Changes every glyph.
    mutating func replaceGlyphs(_ change: (UInt32) -> UInt32) {
        for index in cells.indices { cells[index].glyph = change(cells[index].glyph) }
    }

    /// Writes a character. What does not fit into the row, a wide one in the last column, is left out.
    mutating func put(_ glyph: UInt32, width: Int, style: PackedStyle, row: Int, column: Int) {
        guard row < rows, column + width <= columns else { return }
        let at = starts[row] + column
        let touchesWide = cells[at].width != 1 || (width == 2 && cells[at + 1].width != 1)
        cells[at] = PackedCell(glyph: glyph, style: style, width: UInt8(width))
        if width == 2 { cells[at + 1] = PackedCell(style: style, width: 0) }
        if touchesWide {
            mend(row, at: column)
            mend(row, at: column + width)
        }
        if column + width == columns { setWrapped(row, to: false) }
    }

    /// Writes ASCII that fits into the row.
    mutating func put(ascii text: Slice<UnsafeBufferPointer<UInt8>>, style: PackedStyle, row: Int, column: Int) {
        var at = starts[row] + column
        for byte in text {
            cells[at] = PackedCell(glyph: UInt32(byte), style: style)
            at += 1
        }
        mend(row, at: column)
        mend(row, at: column + text.count)
    }

    /// Erases a rectangle.
    mutating func erase(rows: Range<Int>, columns: Range<Int>, style: PackedStyle) {
        for row in rows {
            fill(row, columns, with: .blank(style))
            mend(row, at: columns.lowerBound)
            mend(row, at: columns.upperBound)
            if columns.upperBound == self.columns { part(row, hasGone: columns.lowerBound == 0) }
        }
    }

    /// Ends that a row goes on, and where it has gone also that the one above goes on in it.
    private mutating func part(_ row: Int, hasGone: Bool) {
        setWrapped(row, to: false)
        if hasGone, row > 0 { setWrapped(row - 1, to: false) }
    }

    /// Moves the content of a rectangle up, or down when `lines` is negative, and erases what comes free.
    mutating func scroll(rows: Range<Int>, columns: Range<Int>, up lines: Int, style: PackedStyle) {
        let count = min(abs(lines), rows.count)
        if count == 0 { return }
        let freed =
            lines > 0 ? (rows.upperBound - count)..<rows.upperBound : rows.lowerBound..<(rows.lowerBound + count)
        if columns == 0..<self.columns {
            if lines == 1 {
                // By far the commonest, and without memory of its own.
                let first = starts[rows.lowerBound]
                for row in rows.lowerBound..<rows.upperBound - 1 { starts[row] = starts[row + 1] }
                starts[rows.upperBound - 1] = first
            } else {
                let cut = lines > 0 ? rows.lowerBound + count : rows.upperBound - count
                let moved = Array(starts[cut..<rows.upperBound] + starts[rows.lowerBound..<cut])
                starts.replaceSubrange(rows, with: moved)
            }
            for row in freed {
                fill(row, columns, with: .blank(style))
                part(row, hasGone: true)
            }
            // What was beside the region is now beside something else.
            if rows.lowerBound > 0 { setWrapped(rows.lowerBound - 1, to: false) }
            setWrapped(rows.upperBound - 1, to: false)
            return
        }
        let kept = rows.count - count
        for step in 0..<kept {
            let target = lines > 0 ? rows.lowerBound + step : rows.upperBound - 1 - step
            let source = lines > 0 ? target + count : target - count
            for column in columns { self[target, column] = self[source, column] }
        }
        for row in freed { fill(row, columns, with: .blank(style)) }
        for row in rows {
            mend(row, at: columns.lowerBound)
            mend(row, at: columns.upperBound)
            part(row, hasGone: true)
        }
    }

    /// Moves the content of a part of each row to the left, or to the right when `count` is negative, and erases what comes free.
    mutating func shift(rows: Range<Int>, columns: Range<Int>, left count: Int, style: PackedStyle) {
        let distance = min(abs(count), columns.count)
        if distance == 0 { return }
        let kept = columns.count - distance
        for row in rows {
            let start = starts[row]
            if count > 0 {
                for step in 0..<kept {
                    cells[start + columns.lowerBound + step] = cells[start + columns.lowerBound + distance + step]
                }
                fill(row, (columns.lowerBound + kept)..<columns.upperBound, with: .blank(style))
                mend(row, at: columns.lowerBound + kept)
            } else {
                for step in 0..<kept {
                    cells[start + columns.upperBound - 1 - step] =
                        cells[start + columns.upperBound - 1 - distance - step]
                }
                fill(row, columns.lowerBound..<(columns.lowerBound + distance), with: .blank(style))
                mend(row, at: columns.lowerBound + distance)
            }
            mend(row, at: columns.lowerBound)
            mend(row, at: columns.upperBound)
            if columns.upperBound == self.columns { setWrapped(row, to: false) }
        }
    }

    private mutating func fill(_ row: Int, _ columns: Range<Int>, with cell: PackedCell) {
        let start = starts[row]
        cells.withUnsafeMutableBufferPointer {
            $0[(start + columns.lowerBound)..<(start + columns.upperBound)].update(repeating: cell)
        }
    }

    /// Blanks the halves of wide characters that were parted between a column and the one before it.
    private mutating func mend(_ row: Int, at column: Int) {
        let start = starts[row]
        let hasSecondHalf = column < columns && cells[start + column].width == 0
        let hasFirstHalf = column > 0 && cells[start + column - 1].width == 2
        if hasSecondHalf == hasFirstHalf { return }
        let lone = start + (hasSecondHalf ? column : column - 1)
        cells[lone] = .blank(cells[lone].style.erased)
    }
}
