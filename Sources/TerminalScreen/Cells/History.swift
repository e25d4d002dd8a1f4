/// The lines that have left the main screen at its top, the oldest first.
struct History {
    /// A line, without the blanks at its end.
    struct Line {
        var cells: [PackedCell]
        /// How wide the screen was where its text wrapped into the next line; 0 when it did not.
        var wrapColumn: Int

        init(cells: [PackedCell], wrapColumn: Int = 0) {
            self.cells = cells
            self.wrapColumn = wrapColumn
        }

        /// A row of a screen.
        init(_ grid: Grid, row: Int) {
            let line = grid.line(row)
            cells = Array(line.prefix(PackedCell.textCount(line)))
            wrapColumn = grid.isWrapped(row) ? grid.columns : 0
        }

        /// Whether its text goes on in the next line of a screen of this width.
        func isWrapped(at columns: Int) -> Bool { wrapColumn == columns }
    }

    /// Lines kept at most.
    let limit: Int
    private var lines: [Line] = []
    /// Where in `lines` the oldest is, once it is full.
    private var head = 0

    init(limit: Int) { self.limit = max(0, limit) }

    var count: Int { lines.count }

    /// A line; 0 is the oldest.
    subscript(index: Int) -> Line { lines[place(index)] }

    /// Adds the newest line.
    mutating func append(_ line: Line) {
        if limit == 0 { return }
        if lines.count < limit {
            lines.append(line)
        } else {
            lines[head] = line
            head = head + 1 == limit ? 0 : head + 1
        }
    }

    /// Notes that the text of the newest line goes on in a row of this width; 0 when it does not.
    mutating func wrapLast(at columns: Int) {
        if count > 0 { lines[place(count - 1)].wrapColumn = columns }
    }

    /// Takes the newest lines out.
    mutating func removeLast(_ count: Int) -> [Line] {
        let ordered = (0..<lines.count).map { self[$0] }
        head = 0
        lines = Array(ordered.dropLast(count))
        return ordered.suffix(count)
    }

    mutating func removeAll() {
        lines = []
        head = 0
    }

    /// Changes every glyph.
    mutating func replaceGlyphs(_ change: (UInt32) -> UInt32) {
        for line in lines.indices {
            for column in lines[line].cells.indices {
                lines[line].cells[column].glyph = change(lines[line].cells[column].glyph)
            }
        }
    }

    private func place(_ index: Int) -> Int { head + index < lines.count ? head + index : head + index - lines.count }
}
