/// Reads UTF-8 byte by byte.
///
/// See: WHATWG Encoding Standard, "UTF-8 decoder"; Unicode 3.9, "U+FFFD Substitution of Maximal Subparts"
struct UTF8Decoder {
    /// What a byte leads to.
    enum Outcome {
        /// More bytes are needed.
        case unfinished
        /// A character is whole.
        case scalar(Unicode.Scalar)
        /// What came before is no character. `isRead` is false when the byte is not part of it and has to be read again.
        case invalid(isRead: Bool)
    }

    private var needed = 0
    /// Bytes of an unfinished character that were read.
    private(set) var taken = 0
    private var value: UInt32 = 0
    /// What the next byte may be: narrower after some first bytes, so that nothing overlong and no surrogate is read.
    private var allowed: ClosedRange<UInt8> = 0x80...0xbf

    /// Whether a character is unfinished.
    var isInside: Bool { needed > 0 }

    /// Reads a byte that is not ASCII, or any byte inside a character.
    mutating func take(_ byte: UInt8) -> Outcome {
        if needed == 0 { return begin(byte) }
        guard allowed.contains(byte) else {
            self = UTF8Decoder()
            return .invalid(isRead: false)
        }
        allowed = 0x80...0xbf
        value = value << 6 | UInt32(byte & 0x3f)
        needed -= 1
        taken += 1
        if needed > 0 { return .unfinished }
        defer { (value, taken) = (0, 0) }
        return Unicode.Scalar(value).map { .scalar($0) } ?? .invalid(isRead: true)
    }

    private mutating func begin(_ byte: UInt8) -> Outcome {
        switch byte {
        case 0xc2...0xdf: (needed, value) = (1, UInt32(byte & 0x1f))
        case 0xe0...0xef:
            (needed, value) = (2, UInt32(byte & 0x0f))
            if byte == 0xe0 { allowed = 0xa0...0xbf }
            if byte == 0xed { allowed = 0x80...0x9f }
        case 0xf0...0xf4:
            (needed, value) = (3, UInt32(byte & 0x07))
            if byte == 0xf0 { allowed = 0x90...0xbf }
            if byte == 0xf4 { allowed = 0x80...0x8f }
        default: return .invalid(isRead: true)
        }
        taken = 1
        return .unfinished
    }
}
