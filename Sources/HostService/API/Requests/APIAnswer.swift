import NIOHTTP1

/// What a route made of a request.
enum APIAnswer: Sendable {
    case response(APIResponse)
    /// 200 with a body that is made while it is sent. Whoever takes this closes the body.
    case stream(HTTPHeaders, any BodyStream)
    /// The connection becomes a WebSocket, bridged to the session's attachment. Whoever takes this ends the attachment.
    case attach(any Attachment, session: String, WebSocketHandshake)
}
