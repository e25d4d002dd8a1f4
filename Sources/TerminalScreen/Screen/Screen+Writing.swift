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
                let position = engine.position
                if modes.isAutowrap, !modes.hasSideMargins {
                    canvas.beginWrappingText(row: position.row, column: isWrapPending ? columns : position.column)
                }
                if let emoji = newerWide(at: rest) {
                    canvas.beginStandIn(for: emoji)
                    Self.wideCharacter.withUTF8Buffer { engine.write(text: $0) }
                    canvas.beginStandIn(for: nil)
                    rest = rest.dropFirst(Self.newerWideBytes)
                } else {
                    let part = rest.prefix(otherCount(rest))
                    engine.write(text: UnsafeBufferPointer(rebasing: part))
                    rest = rest.dropFirst(part.count)
                }
                canvas.endText()
                isWrapPending = canvas.hasReachedEdge && modes.isAutowrap
            }
        }
    }

    /// Bytes of each character that ``newerWide(at:)`` finds.
    private static let newerWideBytes = 4
    /// One of which libvterm knows that it takes two columns.
    private static let wideCharacter: StaticString = "\u{3042}"
    /// Two of them are one flag of two columns.
    private static let regionalIndicators: ClosedRange<UInt32> = 0x1f1e6...0x1f1ff

    /// The emoji at the beginning, if it takes two columns and libvterm, whose table is older, gives it one.
    ///
    /// See: UAX #11, ED4: what has Emoji_Presentation is wide, but for the regional indicators
    private func newerWide(at text: Slice<UnsafeBufferPointer<UInt8>>) -> Unicode.Scalar? {
        guard text.first == Self.leadOfEmoji else { return nil }
        let bytes = text.prefix(Self.newerWideBytes)
        guard let scalar = String(decoding: bytes, as: UTF8.self).unicodeScalars.first,
            scalar.properties.isEmojiPresentation, !Self.regionalIndicators.contains(scalar.value),
            corral_vterm_width(scalar.value) == 1
        else { return nil }
        return scalar
    }

    /// The first byte of a character from U+10000 to U+3FFFF.
    private static let leadOfEmoji: UInt8 = 0xf0

    /// How many bytes can be put into cells as they are: ASCII that stays left of the last column.
    private func plainCount(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        if isWrapPending || modes.isInsert || modes.hasSideMargins { return 0 }
        let room = columns - 1 - engine.position.column
        if room < Self.plainRun { return 0 }
        return text.prefix(room).prefix { $0 < 0x80 }.count
    }

    /// How many bytes libvterm is to write: up to an emoji, to a long run of ASCII, or to just over the end of the line.
    private func otherCount(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var run = 0
        for (index, byte) in zip(0..., text) {
            // One that has begun is not parted.
            if index >= Self.otherBytes, byte & 0xc0 != 0x80 { return index }
            if byte == Self.leadOfEmoji, index > 0 { return index }
            run = byte < 0x80 ? run + 1 : 0
            if run == Self.plainRun * 2 {
                let end = index + 1 - run
                return end > 0 ? end : min(columns - engine.position.column + 1, run)
            }
        }
        return text.count
    }
}
