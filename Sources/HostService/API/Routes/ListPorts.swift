import HostProtocol
import NIOHTTP1

/// `GET /v1/ports[?workspace=ID]`: the ports that workspaces serve, found by a look that begins with the request.
struct ListPorts: Route {
    let method = HTTPMethod.GET
    let path = "/v1/ports"
    let queryKeys: Set<String> = ["workspace"]
    let description = RouteDescription(
        "The ports that workspaces serve, found by a look now.", PortListDocument.self,
        failures: [.workspaceNotFound(""), .groundUnreadable("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let workspace = try call.query.text("workspace")
        if let workspace { _ = try RequestValidation.lookUp(workspace: workspace) }
        return .response(try .document(.ok, await host.ports(workspace: workspace)))
    }
}
