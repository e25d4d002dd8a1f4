/// Lines for a screen of another width: what had wrapped is one line again, and wraps where the new width ends.
///
/// So do VTE, kitty and tmux; xterm cuts lines off. No character is lost or parted, unless one of two columns is to go into a single one.
/// The colour of a line's end without text does not wrap.
struct Reflow {
    /// A place in the lines; its column can be the one behind the last.
    struct Place {
        var line: Int
        var column: Int
    }

    private let columns: Int
    /// The lines in the new width.
    private(set) var lines: [History.Line] = []

    /// Makes the lines.
    /// - Parameters:
    ///   - old: In the width of before, the oldest first.
    ///   - cursor: Where the next character goes; moved with its line. Behind a line that is filled that is a line of its own.
    ///   - places: Others that are moved with their lines.
    init(
        _ old: [History.Line], from oldColumns: Int, to columns: Int, cursor: inout Place, places: inout [Place]
    ) {
        self.columns = columns
        var (newCursor, newPlaces) = (cursor, places)
        var first = 0
        while first < old.count {
            var cells: [PackedCell] = []
            var starts: [Int] = []
            var next = first
            repeat {
                starts.append(cells.count)
                cells += old[next].cells
                let goesOn = old[next].isWrapped(at: oldColumns) && next + 1 < old.count
                next += 1
                if !goesOn { break }
                // Where a character of two columns found one, that was left blank.
                let isParted = old[next].cells.first?.width == 2 && old[next - 1].cells.count < oldColumns
                let filled = starts[starts.count - 1] + (isParted ? oldColumns - 1 : oldColumns)
                while cells.count < filled { cells.append(.blank()) }
            } while true
            let begin = lines.count
            add(fitting(cells))
            func move(_ place: Place) -> Place? {
                guard (first..<next).contains(place.line) else { return nil }
                return self.place(of: starts[place.line - first] + place.column, from: begin)
            }
            if let moved = move(cursor) {
                newCursor = moved
                if moved.column == columns, cursor.line == next - 1 {
                    lines[moved.line].wrapColumn = columns
                    lines.append(History.Line(cells: []))
                    newCursor = Place(line: moved.line + 1, column: 0)
                }
            }
            for index in places.indices { if let moved = move(places[index]) { newPlaces[index] = moved } }
            first = next
        }
        (cursor, places) = (newCursor, newPlaces)
    }

    /// Without the colour at the end that does not fit, and characters that never will.
    private func fitting(_ cells: [PackedCell]) -> [PackedCell] {
        var cells = cells
        if columns == 1 { cells = cells.filter { $0.width > 0 }.map { $0.width == 1 ? $0 : .blank($0.style.erased) } }
        if cells.count <= columns { return cells }
        let textEnd = cells.lastIndex { $0 != .blank($0.style.erased) }.map { $0 + 1 } ?? 0
        return Array(cells.prefix(max(textEnd, columns)))
    }

    /// Adds the lines of one that wraps.
    private mutating func add(_ cells: [PackedCell]) {
        var rest = cells[...]
        repeat {
            var count = min(columns, rest.count)
            // The second half of a character.
            if count < rest.count, rest[rest.startIndex + count].width == 0 { count -= 1 }
            let line = rest.prefix(count)
            rest = rest.dropFirst(count)
            lines.append(History.Line(cells: Array(line), wrapColumn: rest.isEmpty ? 0 : columns))
        } while !rest.isEmpty
    }

    /// Where something is that was so many columns into the lines that begin with `first`; at their end when they are shorter.
    private func place(of offset: Int, from first: Int) -> Place {
        var offset = offset
        for line in first..<lines.count - 1 {
            let count = lines[line].cells.count
            if offset < count { return Place(line: line, column: offset) }
            offset -= count
        }
        // Beyond its text the last line is blank.
        return Place(line: lines.count - 1, column: min(offset, columns))
    }
}
