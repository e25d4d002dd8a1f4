/// The target of a request line: a path and its query, escaped for HTTP.
///
/// See: RFC 9112 section 3.2.1, RFC 3986 section 2
struct RequestTarget: Sendable, CustomStringConvertible {
    private let path: String
    private let query: [QueryItem]

    /// A path whose parts are already escaped, and a query whose items are not.
    init(_ path: String, query: [QueryItem] = []) {
        self.path = path
        self.query = query
    }

    /// The target as it stands in the request line.
    var description: String {
        if query.isEmpty { return path }
        let items = query.map { item in
            item.value.map { "\(Self.escape(item.name))=\(Self.escape($0))" } ?? Self.escape(item.name)
        }
        return path + "?" + items.joined(separator: "&")
    }

    /// Escapes every byte that is not unreserved, so that the text can be one part of a path or a query.
    static func escape(_ text: String) -> String {
        var escaped: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            if isUnreserved(byte) {
                escaped.append(byte)
            } else {
                escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
