/// One event of a stream as it came over the wire.
public struct ServerSentEvent: Sendable, Equatable {
    /// What to go on from after it. Empty when the stream has named none yet.
    public var id: String
    /// The name of its kind.
    public var kind: String
    /// A document as one line of JSON.
    public var data: String

    /// Makes an event from its parts.
    public init(id: String, kind: String, data: String) {
        self.id = id
        self.kind = kind
        self.data = data
    }
}

/// What a stream of events brings.
public enum EventStreamItem: Sendable, Equatable {
    case event(ServerSentEvent)
    /// Where the stream is, told without an event: what to go on from if it breaks now.
    case position(String)
}
