import HostProtocol
import NIOHTTP1

/// `POST /v1/sessions/ID/freeze`: stops all that runs in a session, until it is thawed.
struct FreezeSession: Route {
    let method = HTTPMethod.POST
    let path = "/v1/sessions/{id}/freeze"
    let description = RouteDescription(
        "Stops all that runs in a session, until it is thawed.", SessionDocument.self,
        failures: RouteDescription.freezeFailures + [.sessionNotFound(""), .sessionEnded(""), .workspaceDeleting("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        return .response(try .document(.ok, await host.freezeSession(id)))
    }
}
