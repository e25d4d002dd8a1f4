/// An HTTP answer as it came, whatever its status.
public struct HostReply: Sendable, Equatable {
    /// The HTTP status.
    public var status: Int
    /// Header fields by their names in lower case; of a repeated field the last.
    public var headers: [String: String]
    /// The whole body.
    public var body: [UInt8]

    /// Makes a reply from its parts.
    public init(status: Int, headers: [String: String], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The media type without its parameters, in lower case; empty when the host named none.
    public var mediaType: String {
        let field = headers["content-type"] ?? ""
        let type = field.prefix { $0 != ";" }
        return type.split(separator: " " as Character).joined().lowercased()
    }
}
