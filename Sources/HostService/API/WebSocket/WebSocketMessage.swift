import NIOCore

/// A whole message, its fragments put together.
enum WebSocketMessage: Sendable, Equatable {
    /// Control, as JSON.
    case text(String)
    /// Terminal bytes.
    case binary(ByteBuffer)
}
