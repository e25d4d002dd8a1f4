import HostProtocol
import NIOHTTP1

/// `GET /v1/sessions/ID/screen[?history=LINES&cells]`: what the terminal shows, as text, and on demand with its looks.
struct ReadScreen: Route {
    let method = HTTPMethod.GET
    let path = "/v1/sessions/{id}/screen"
    let queryKeys: Set<String> = ["history", "cells"]
    let description = RouteDescription(
        "What a terminal shows.", ScreenDocument.self,
        failures: RouteDescription.terminalFailures)

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let history = try call.query.position("history") ?? 0
        guard history <= 1000 else {
            throw HostFailure.invalidRequest("history: \(history) lines; 1000 are kept at most; nothing was read")
        }
        let screen = try await host.screen(
            of: id, historyLines: Int(history), withCells: try call.query.flag("cells"))
        return .response(try .document(.ok, screen))
    }
}
