import HostProtocol
import NIOHTTP1

/// `GET /v1/sessions/ID/attach[?from=SEQ&epoch=…][&columns=…&rows=…[&idle=…]][&read_only]`: a terminal over WebSocket.
///
/// The host attaches before the upgrade is accepted, so that a session that is unknown, or whose output is gone, is an ordinary error.
struct AttachSession: Route {
    let method = HTTPMethod.GET
    let path = "/v1/sessions/{id}/attach"
    let queryKeys: Set<String> = ["from", "epoch", "columns", "rows", "idle", "read_only"]
    let description = RouteDescription(
        "A terminal over WebSocket, see docs/terminals.md.",
        [.init(status: .switchingProtocols, content: .nothing, text: "It is a WebSocket from here on.")],
        failures: RouteDescription.terminalFailures + [.frozen(""), .freezeFailed("")], refusals: [.upgradeRequired("")]
    )

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let handshake = try WebSocketHandshake(call.request)
        let id = try RequestValidation.lookUp(session: call.id)
        let from = try call.query.position("from")
        let epoch = try call.query.text("epoch")
        let (window, isReadOnly) = (try window(call), try call.query.flag("read_only"))
        let attachment = try await host.attach(
            to: id, from: from, epoch: epoch, window: isReadOnly ? nil : window)
        return .attach(isReadOnly ? ReadOnlyAttachment(whole: attachment) : attachment, session: id, handshake)
    }

    /// The client's window; nil when it tells none.
    private func window(_ call: RouteCall) throws -> ClientWindow? {
        let (columns, rows) = (try call.query.position("columns"), try call.query.position("rows"))
        let idle = try call.query.seconds("idle", in: 0...31_536_000)
        guard let columns, let rows else {
            if columns == nil, rows == nil { return nil }
            throw HostFailure.invalidRequest("attach: columns and rows are given both or neither; nothing was attached")
        }
        let size = TerminalSize(columns: Int(clamping: columns), rows: Int(clamping: rows))
        try RequestValidation.check(size)
        return ClientWindow(size: size, idle: .seconds(idle ?? 0))
    }
}
