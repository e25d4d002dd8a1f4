/// What a request carries.
public enum RequestBody: Sendable, Equatable {
    /// A document that is JSON already.
    case json([UInt8])
    /// Bytes that mean nothing to HTTP, for instance input for a terminal.
    case bytes([UInt8])

    /// The value of `Content-Type`.
    var contentType: String {
        switch self {
        case .json: "application/json"
        case .bytes: "application/octet-stream"
        }
    }

    /// What goes over the wire.
    var content: [UInt8] {
        switch self {
        case .json(let content), .bytes(let content): content
        }
    }
}
