/// Bytes as the kernel and git use them for names: anything but NUL, and not always UTF-8.
///
/// A name is never turned into a `String` and back: that would change bytes which are not UTF-8, and name another file.
struct ByteString: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The bytes, without a NUL at the end.
    let bytes: [UInt8]

    /// Takes bytes as they are.
    init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// The UTF-8 of a text.
    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The UTF-8 of a literal.
    init(stringLiteral text: String) {
        self.init(text)
    }

    /// The bytes as text, nil when they are not UTF-8.
    var text: String? { String(validating: bytes, as: UTF8.self) }

    /// Whether a byte is NUL, which would cut the name short in a system call.
    var containsNUL: Bool { bytes.contains(0) }

    /// Lends the bytes with a NUL at the end.
    func withCString<Result, Failure>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
        return try terminated.withUnsafeBufferPointer { buffer throws(Failure) in
            // An array that holds at least the NUL has an address.
            try body(buffer.baseAddress!)
        }
    }

    /// Both, one after the other.
    static func + (left: ByteString, right: ByteString) -> ByteString {
        ByteString(bytes: left.bytes + right.bytes)
    }
}

extension ByteString: CustomStringConvertible {
    /// For people: control characters are escaped, so that a name can neither break a line nor drive a terminal, and what is
    /// not UTF-8 becomes U+FFFD.
    var description: String {
        var shown = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": shown += "\\x" + String(scalar.value, radix: 16)
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
