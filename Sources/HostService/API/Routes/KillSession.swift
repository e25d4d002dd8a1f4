import HostProtocol
import NIOHTTP1

/// `DELETE /v1/sessions/ID?force`: ends a session. Answers 200 when the kernel has confirmed it, else 202.
struct KillSession: Route {
    let method = HTTPMethod.DELETE
    let path = "/v1/sessions/{id}"
    let queryKeys: Set<String> = ["force"]
    let description = RouteDescription(
        "Ends a session and all that runs in it.",
        [
            .init(status: .ok, content: .document(SessionEndDocument.self), text: "The kernel confirmed it."),
            .init(status: .accepted, content: .document(SessionEndDocument.self), text: "Not confirmed (yet)."),
        ],
        failures: [.sessionNotFound(""), .sessionEnded("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let end = try await host.killSession(id, force: call.query.flag("force"))
        return .response(try .document(end.outcome == .confirmed ? .ok : .accepted, end))
    }
}
