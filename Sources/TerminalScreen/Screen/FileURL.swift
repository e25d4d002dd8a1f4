/// A `file:` URL taken apart.
///
/// See: RFC 8089
struct FileURL {
    /// Empty when there is none.
    let host: String
    /// Absolute, with its percent-encoding undone.
    let path: String

    /// Reads `file://HOST/PATH`, as shells write it in OSC 7. Nil for anything else, a NUL in the path included.
    init?(_ text: String) {
        let scheme = "file://"
        guard text.lowercased().hasPrefix(scheme) else { return nil }
        let rest = Array(text.utf8.dropFirst(scheme.utf8.count))
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        var path: [UInt8] = []
        var index = slash
        while index < rest.count {
            if rest[index] == UInt8(ascii: "%"), index + 2 < rest.count, let high = Self.digit(rest[index + 1]),
                let low = Self.digit(rest[index + 2])
            {
                path.append(high << 4 | low)
                index += 3
            } else {
                path.append(rest[index])
                index += 1
            }
        }
        if path.contains(0) { return nil }
        host = String(decoding: rest[..<slash], as: UTF8.self)
        self.path = String(decoding: path, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
