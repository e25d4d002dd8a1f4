/// Which character sets are designated and which one is in use. Only DEC's line drawing differs from ASCII here: the national
/// sets have no use in UTF-8.
///
/// See: VT220 Programmer Reference, "Character set selection"
struct CharacterSets: Equatable {
    /// The final byte that designates line drawing.
    static let lineDrawing = UInt8(ascii: "0")

    /// Whether G0 to G3 are line drawing.
    private(set) var isDrawing = [false, false, false, false]
    /// Which of G0 to G3 is in use.
    private(set) var selected = 0

    /// Whether text has to be translated.
    var draws: Bool { isDrawing[selected] }

    mutating func designate(_ set: Int, final: UInt8) { isDrawing[set] = final == Self.lineDrawing }

    mutating func select(_ set: Int) { selected = set }

    /// UTF-8 with what lies in the range of line drawing replaced.
    func translated(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count * 3)
        for byte in text {
            if (0x5f...0x7e).contains(byte) {
                result += Self.drawing[Int(byte) - 0x5f].utf8
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static let drawing = Array(" ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·").map(String.init)
}
