/// The lines that have left the main screen at its top, the oldest first.
struct History {
    /// Lines kept at most.
    let limit: Int
    private var lines: [[PackedCell]] = []
    /// Where in `lines` the oldest is, once it is full.
    private var head = 0

    init(limit: Int) { self.limit = max(0, limit) }

    var count: Int { lines.count }

    /// A line, without the blanks at its end; 0 is the oldest.
    subscript(index: Int) -> [PackedCell] { lines[place(index)] }

    /// Adds the newest line.
    mutating func append(_ line: ArraySlice<PackedCell>) {
        if limit == 0 { return }
        let blank = PackedCell.blank()
        let kept = Array(line[..<(line.lastIndex { $0 != blank }.map { $0 + 1 } ?? line.startIndex)])
        if lines.count < limit {
            lines.append(kept)
        } else {
            lines[head] = kept
            head = head + 1 == limit ? 0 : head + 1
        }
    }

    /// Takes the newest lines out.
    mutating func removeLast(_ count: Int) -> [[PackedCell]] {
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
            for column in lines[line].indices { lines[line][column].glyph = change(lines[line][column].glyph) }
        }
    }

    private func place(_ index: Int) -> Int { head + index < lines.count ? head + index : head + index - lines.count }
}
