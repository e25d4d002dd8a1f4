import HostProtocol
import NIOHTTP1

/// `GET /v1/sessions[?workspace=ID]`.
struct ListSessions: Route {
    let method = HTTPMethod.GET
    let path = "/v1/sessions"
    let queryKeys: Set<String> = ["workspace"]
    let description = RouteDescription(
        "Sessions, also those that have ended, for as long as their records are kept.", [SessionDocument].self,
        failures: [.workspaceNotFound("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let workspace = try call.query.text("workspace")
        if let workspace { _ = try RequestValidation.lookUp(workspace: workspace) }
        return .response(try .document(.ok, await host.sessions(workspace: workspace)))
    }
}
