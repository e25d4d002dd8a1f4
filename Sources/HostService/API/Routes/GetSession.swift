import HostProtocol
import NIOHTTP1

/// `GET /v1/sessions/ID`.
struct GetSession: Route {
    let method = HTTPMethod.GET
    let path = "/v1/sessions/{id}"
    let description = RouteDescription(
        "One session.", SessionDocument.self, failures: [.sessionNotFound("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        .response(try .document(.ok, await host.session(RequestValidation.lookUp(session: call.id))))
    }
}
