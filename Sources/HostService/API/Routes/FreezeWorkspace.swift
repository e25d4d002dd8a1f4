import HostProtocol
import NIOHTTP1

/// `POST /v1/workspaces/ID/freeze`: stops all that runs in a workspace, until it is thawed.
struct FreezeWorkspace: Route {
    let method = HTTPMethod.POST
    let path = "/v1/workspaces/{id}/freeze"
    let description = RouteDescription(
        "Stops all that runs in a workspace, until it is thawed.", WorkspaceDocument.self,
        failures: RouteDescription.freezeFailures + [.workspaceNotFound(""), .workspaceDeleting("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(workspace: call.id)
        return .response(try .document(.ok, await host.freezeWorkspace(id)))
    }
}
