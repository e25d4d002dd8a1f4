import NIOHTTP1

/// `GET /v1/sessions/ID/attach[?from=SEQ&epoch=…]`: a terminal over WebSocket.
///
/// The host attaches before the upgrade is accepted, so that a session that is unknown or over is an ordinary error.
struct AttachSession: Route {
    let method = HTTPMethod.GET
    let path = "/v1/sessions/{id}/attach"
    let queryKeys: Set<String> = ["from", "epoch"]

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let handshake = try WebSocketHandshake(call.request)
        let id = try RequestValidation.lookUp(session: call.id)
        let from = try call.query.position("from")
        let epoch = try call.query.text("epoch")
        return .attach(try await host.attach(to: id, from: from, epoch: epoch), session: id, handshake)
    }
}
