import HostProtocol
import NIOHTTP1

/// `PATCH /v1/sessions/ID` with `{"limits": {"tasks_max": 200, …}}`: sets and lifts limits of a session's scope.
///
/// Answers with the session and what the kernel has now. What is absent stays as it is.
struct ChangeSession: Route {
    let method = HTTPMethod.PATCH
    let path = "/v1/sessions/{id}"
    let description = RouteDescription(
        "Sets and lifts limits of a session that runs.", SessionDocument.self,
        failures: [.sessionNotFound(""), .sessionEnded(""), .limitUnavailable(""), .systemdUnreachable("")],
        exampleBody: ["limits": ["cpu_quota": "50%"]])

    /// What the body holds.
    static let shape = JSONShape.object(["limits": .required(ChangeWorkspace.limits)])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let request = try Self.shape.read(ChangeRequest.self, from: call.body)
        try RequestValidation.check(request)
        return .response(try .document(.ok, await host.changeSession(id, request)))
    }
}
