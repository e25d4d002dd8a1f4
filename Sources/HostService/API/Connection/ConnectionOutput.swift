import NIOCore
import NIOHTTP1

/// What the connection's task has for the client.
enum ConnectionOutput: Sendable {
    /// The interim answer to `Expect: 100-continue`.
    case goOn
    /// The answer to the request that was read last.
    case response(APIResponse, keepsAlive: Bool)
    /// The head of an answer whose body is made while it is sent, then its pieces, then its end.
    case begin(HTTPResponseHead)
    case piece(ByteBuffer)
    case end(keepsAlive: Bool)
    /// 101, and from then on WebSocket.
    case upgrade(HTTPHeaders)
    case message(WebSocketMessage)
    /// Ends a WebSocket: its close frame goes out, then the connection closes.
    case close(WebSocketCloseCode)
}
