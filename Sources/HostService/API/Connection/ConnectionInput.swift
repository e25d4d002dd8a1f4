import NIOCore
import NIOHTTP1

/// What a client sent, as the connection's task sees it, in order.
///
/// One type for both of a connection's lives, so that the stream of a connection goes on through an upgrade.
enum ConnectionInput: Sendable {
    /// A request begins.
    case head(HTTPRequestHead)
    case body(ByteBuffer)
    /// A request is complete.
    case end
    /// What came is not HTTP. Nothing comes after it.
    case malformed(APIRefusal)
    /// A whole WebSocket message.
    case message(WebSocketMessage)
    /// The WebSocket is closing: nothing comes after it, and nothing more goes out.
    case closing
}
