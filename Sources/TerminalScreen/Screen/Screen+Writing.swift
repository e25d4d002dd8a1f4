/// How text gets into the cells: what is plain is put there at once, and libvterm only moves its cursor; everything else, the
/// ends of lines above all, is libvterm's. That is several times as fast as libvterm's event for each character.
extension Screen {
    /// Shorter ASCII is not worth a cursor movement.
    private static let plainRun = 12

    /// Writes valid UTF-8 without controls and marks.
    func write(_ text: UnsafeBufferPointer<UInt8>) {
        var rest = text[...]
        while !rest.isEmpty {
            let count = plainCount(rest)
            if count >= Self.plainRun {
                let position = engine.position
                canvas.put(ascii: rest.prefix(count), row: position.row, column: position.column)
                engine.write("C", count)
                rest = rest.dropFirst(count)
            } else {
                let part = rest.prefix(otherCount(rest))
                engine.write(text: UnsafeBufferPointer(rebasing: part))
                isWrapPending = canvas.hasReachedEdge && modes.isAutowrap
                rest = rest.dropFirst(part.count)
            }
        }
    }

    /// How many bytes can be put into cells as they are: ASCII that stays left of the last column.
    private func plainCount(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        if isWrapPending || modes.isInsert || modes.hasSideMargins { return 0 }
        let room = columns - 1 - engine.position.column
        if room < Self.plainRun { return 0 }
        return text.prefix(room).prefix { $0 < 0x80 }.count
    }

    /// How many bytes libvterm is to write: up to a long run of ASCII, or to just over the end of the line.
    private func otherCount(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var run = 0
        for (index, byte) in zip(0..., text) {
            run = byte < 0x80 ? run + 1 : 0
            if run == Self.plainRun * 2 {
                let end = index + 1 - run
                return end > 0 ? end : min(columns - engine.position.column + 1, run)
            }
        }
        return text.count
    }
}
