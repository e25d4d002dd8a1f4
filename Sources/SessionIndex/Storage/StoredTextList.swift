/// A list of texts as a JSON array.
///
/// Written and read here: a JSON decoder for each of the thousands of rows of one pass costs more than all their other
/// columns. What is written is JSON for everybody; what is read is what is written, without blanks between the parts.
enum StoredTextList {
    /// The stored form, with the escapes that JSON demands and no others.
    static func text(_ list: [String]) -> String {
        var bytes = [UInt8(ascii: "[")]
        for (position, element) in list.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(quote)
            for byte in element.utf8 {
                switch byte {
                case quote, backslash: bytes += [backslash, byte]
                case 0..<0x20: bytes += [backslash, UInt8(ascii: "u")] + hexadecimal(byte)
                default: bytes.append(byte)
                }
            }
            bytes.append(quote)
        }
        return String(decoding: bytes + [UInt8(ascii: "]")], as: UTF8.self)
    }

    /// Reads the stored form, nil for any other text.
    static func list(_ text: String) -> [String]? {
        if text == "[]" { return [] }
        var list: [String] = []
        var rest = Array(text.utf8)[...]
        var opening = UInt8(ascii: "[")
        while rest.popFirst() == opening {
            guard let element = element(&rest) else { return nil }
            list.append(element)
            opening = UInt8(ascii: ",")
            if rest.elementsEqual([UInt8(ascii: "]")]) { return list }
        }
        return nil
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// Takes one quoted text from the front.
    private static func element(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.popFirst() == quote else { return nil }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case quote: return String(decoding: bytes, as: UTF8.self)
            case backslash:
                guard let escaped = escaped(&rest) else { return nil }
                bytes.append(escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    /// Takes what follows a backslash from the front: one of the escapes that ``text(_:)`` writes.
    private static func escaped(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        switch rest.popFirst() {
        case quote: return quote
        case backslash: return backslash
        case UInt8(ascii: "u"):
            let digits = rest.prefix(4)
            rest = rest.dropFirst(4)
            return (0..<0x20).first { hexadecimal($0).elementsEqual(digits) }
        default: return nil
        }
    }

    /// The four digits of a control character.
    private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
        let digits = String(byte, radix: 16)
        return Array((String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8)
    }
}
