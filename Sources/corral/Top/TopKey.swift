/// A key as a full-screen view understands it.
enum TopKey: Sendable, Equatable {
    case up, down, left, right, pageUp, pageDown, home, end
    case enter, escape, backspace
    case character(Character)

    /// Reads the keys in what a terminal has sent at a time. A sequence that is not known is passed over whole.
    ///
    /// An escape that nothing follows in the same read is the key: terminals send a sequence in one piece.
    /// See: XTerm Control Sequences, "PC-Style Function Keys"
    static func read(_ bytes: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var rest = bytes[...]
        while let first = rest.popFirst() {
            switch first {
            case 0x1b where rest.first == UInt8(ascii: "[") || rest.first == UInt8(ascii: "O"):
                // `ESC O M` is Enter on the keypad; `ESC [ … M` is a click.
                let isClick = rest.removeFirst() == UInt8(ascii: "[")
                let parameters = rest.prefix { (0x20...0x3f).contains($0) }
                rest = rest.dropFirst(parameters.count)
                if let final = rest.popFirst(), let key = named(Array(parameters), final), key != .enter || !isClick {
                    keys.append(key)
                }
            case 0x1b: keys.append(.escape)
            case 0x03: keys.append(.character("q"))
            case 0x0d, 0x0a: keys.append(.enter)
            case 0x7f, 0x08: keys.append(.backspace)
            case 0x20...0x7e: keys.append(.character(Character(Unicode.Scalar(first))))
            case 0xc2...0xf4:
                let length = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
                let text = String(decoding: [first] + rest.prefix(length), as: UTF8.self)
                rest = rest.dropFirst(length)
                if text.count == 1, let character = text.first, character != "\u{fffd}" {
                    keys.append(.character(character))
                }
            default: break
            }
        }
        return keys
    }

    private static func named(_ parameters: [UInt8], _ final: UInt8) -> TopKey? {
        switch (String(decoding: parameters, as: UTF8.self), Character(Unicode.Scalar(final))) {
        case (_, "A"): .up
        case (_, "B"): .down
        case (_, "C"): .right
        case (_, "D"): .left
        case (_, "H"), ("1", "~"), ("7", "~"): .home
        case (_, "F"), ("4", "~"), ("8", "~"): .end
        case ("5", "~"): .pageUp
        case ("6", "~"): .pageDown
        case (_, "M"): .enter
        default: nil
        }
    }
}
