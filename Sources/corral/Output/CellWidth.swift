/// How many cells of a terminal a text takes: two for an ideograph, none for what combines with the letter before it.
///
/// Terminals differ over newer emoji by one. The C library's `wcwidth` depends on the user's locale, and cannot be called from Swift.
/// See: Unicode Standard Annex #11, "East Asian Width"; EastAsianWidth.txt
enum CellWidth {
    /// Blocks of wide and full-width letters.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x4dbf, 0x4e00...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
        0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6, 0x16fe0...0x18dff,
        0x1aff0...0x1b2ff, 0x1f200...0x1f2ff, 0x20000...0x3fffd,
    ]

    /// The width of a text without control characters.
    static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// As much of the beginning of a text as fits.
    static func prefix(_ text: String, _ width: Int) -> Substring {
        var left = width
        return text.prefix { character in
            left -= of(character)
            return left >= 0
        }
    }

    /// What the letters of one character combine to is as wide as the widest of them.
    private static func of(_ character: Character) -> Int {
        character.unicodeScalars.reduce(0) { max($0, of($1)) }
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        // The two letters of a flag are one character.
        if scalar.properties.isEmojiPresentation || (0x1f1e6...0x1f1ff).contains(scalar.value) { return 2 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
}
