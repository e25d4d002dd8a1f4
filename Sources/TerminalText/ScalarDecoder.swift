/// Makes scalars of UTF-8 that comes byte by byte. What is no UTF-8 becomes U+FFFD.
///
/// See: The Unicode Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts"
struct ScalarDecoder {
    private var value: UInt32 = 0
    private var missing = 0
    /// What the next byte of the scalar may be.
    private var bounds: ClosedRange<UInt8> = 0x80...0xbf

    /// Takes a byte.
    /// - Returns: the scalar that it completes, if any; and whether U+FFFD goes before that, for bytes that were cut short.
    mutating func read(_ byte: UInt8) -> (isBroken: Bool, scalar: Unicode.Scalar?) {
        guard missing > 0 else { return (false, begin(byte)) }
        guard bounds.contains(byte) else {
            missing = 0
            return (true, begin(byte))
        }
        bounds = 0x80...0xbf
        value = value << 6 | UInt32(byte & 0x3f)
        missing -= 1
        return (false, missing == 0 ? Unicode.Scalar(value) : nil)
    }

    /// Ends the text.
    /// - Returns: whether it was cut short within a scalar.
    mutating func end() -> Bool {
        defer { missing = 0 }
        return missing > 0
    }

    private mutating func begin(_ byte: UInt8) -> Unicode.Scalar? {
        switch byte {
        case ..<0x80: return Unicode.Scalar(byte)
        case 0xc2...0xdf: expect(1, byte & 0x1f, 0x80...0xbf)
        // Neither overlong forms nor surrogates nor what lies beyond U+10FFFF.
        case 0xe0: expect(2, byte & 0x0f, 0xa0...0xbf)
        case 0xed: expect(2, byte & 0x0f, 0x80...0x9f)
        case 0xe1...0xef: expect(2, byte & 0x0f, 0x80...0xbf)
        case 0xf0: expect(3, byte & 0x07, 0x90...0xbf)
        case 0xf1...0xf3: expect(3, byte & 0x07, 0x80...0xbf)
        case 0xf4: expect(3, byte & 0x07, 0x80...0x8f)
        default: return "\u{fffd}"
        }
        return nil
    }

    private mutating func expect(_ count: Int, _ bits: UInt8, _ bounds: ClosedRange<UInt8>) {
        missing = count
        value = UInt32(bits)
        self.bounds = bounds
    }
}
