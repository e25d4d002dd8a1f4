import HostProtocol
import NIOHTTP1

/// `POST /v1/sessions/ID/thaw`: lets all that runs in a session go on.
struct ThawSession: Route {
    let method = HTTPMethod.POST
    let path = "/v1/sessions/{id}/thaw"
    let description = RouteDescription(
        "Lets all that runs in a session go on.", SessionDocument.self,
        failures: RouteDescription.freezeFailures + [.sessionNotFound(""), .sessionEnded("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        return .response(try .document(.ok, await host.thawSession(id)))
    }
}
