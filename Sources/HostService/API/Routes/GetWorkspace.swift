import HostProtocol
import NIOHTTP1

/// `GET /v1/workspaces/ID`.
struct GetWorkspace: Route {
    let method = HTTPMethod.GET
    let path = "/v1/workspaces/{id}"
    let description = RouteDescription(
        "One workspace.", WorkspaceDocument.self, failures: [.workspaceNotFound("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        .response(try .document(.ok, await host.workspace(RequestValidation.lookUp(workspace: call.id))))
    }
}
