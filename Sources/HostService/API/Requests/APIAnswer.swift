/// What a route made of a request.
enum APIAnswer: Sendable {
    case response(APIResponse)
    /// The connection becomes a WebSocket, bridged to the session's attachment. Whoever takes this ends the attachment.
    case attach(any Attachment, session: String, WebSocketHandshake)
}
