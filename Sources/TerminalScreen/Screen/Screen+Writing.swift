internal import CVterm

/// How text gets into the cells: what is plain is put there at once, and libvterm only moves its cursor; everything else, the
/// ends of lines above all, is libvterm's. That is several times as fast as libvterm's event for each character.
extension Screen {
    /// Shorter ASCII is not worth a cursor movement.
    private static let plainRun = 12
    /// Bytes that are looked at before libvterm gets them, about.
    private static let otherBytes = 1024

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
                var part = rest.prefix(otherCount(rest))
                let wide = newerWide(in: part)
                part = wide == part.startIndex ? part.prefix(Self.newerWideBytes) : part[..<wide]
                canvas.beginText(
                    at: isWrapPending ? columns : engine.position.column,
                    wraps: modes.isAutowrap && !modes.hasSideMargins)
                if wide == part.startIndex {
                    canvas.beginStandIn(for: String(decoding: part, as: UTF8.self).unicodeScalars.first)
                    Self.wideCharacter.withUTF8Buffer { engine.write(text: $0) }
                    canvas.beginStandIn(for: nil)
                } else {
                    engine.write(text: UnsafeBufferPointer(rebasing: part))
                }
                isWrapPending = canvas.hasReachedEdge && modes.isAutowrap
                rest = rest.dropFirst(part.count)
            }
        }
    }

    /// Bytes of each character that ``newerWide(in:)`` finds.
    private static let newerWideBytes = 4
    /// One of which libvterm knows that it takes two columns.
    private static let wideCharacter: StaticString = "\u{3042}"

    /// Where the first emoji begins that takes two columns and that libvterm, whose table is older, gives one; the end when there is none.
    ///
    /// See: UAX #11, "Ambiguous Characters": what has `Emoji_Presentation` is wide
    private func newerWide(in text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var rest = text
        while let first = rest.firstIndex(of: 0xf0) {
            let bytes = rest[first...].prefix(Self.newerWideBytes)
            if let scalar = String(decoding: bytes, as: UTF8.self).unicodeScalars.first,
                scalar.properties.isEmojiPresentation, corral_vterm_width(scalar.value) == 1
            {
                return first
            }
            rest = rest[(first + 1)...]
        }
        return text.endIndex
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
            // One that has begun is not parted.
            if index >= Self.otherBytes, byte & 0xc0 != 0x80 { return index }
            run = byte < 0x80 ? run + 1 : 0
            if run == Self.plainRun * 2 {
                let end = index + 1 - run
                return end > 0 ? end : min(columns - engine.position.column + 1, run)
            }
        }
        return text.count
    }
}
