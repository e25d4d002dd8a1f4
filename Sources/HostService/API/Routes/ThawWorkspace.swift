import HostProtocol
import NIOHTTP1

/// `POST /v1/workspaces/ID/thaw`: lets all that runs in a workspace go on.
struct ThawWorkspace: Route {
    let method = HTTPMethod.POST
    let path = "/v1/workspaces/{id}/thaw"
    let description = RouteDescription(
        "Lets all that runs in a workspace go on.", WorkspaceDocument.self,
        failures: RouteDescription.freezeFailures + [.workspaceNotFound(""), .workspaceDeleting("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(workspace: call.id)
        return .response(try .document(.ok, await host.thawWorkspace(id)))
    }
}
