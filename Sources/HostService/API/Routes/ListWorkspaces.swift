import HostProtocol
import NIOHTTP1

/// `GET /v1/workspaces[?all]`: workspaces in the order of their creation; with `all` also those that are being deleted.
struct ListWorkspaces: Route {
    let method = HTTPMethod.GET
    let path = "/v1/workspaces"
    let queryKeys: Set<String> = ["all"]
    let description = RouteDescription(
        "Workspaces in the order of their creation.", [WorkspaceDocument].self)

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        .response(try .document(.ok, await host.workspaces(all: call.query.flag("all"))))
    }
}
