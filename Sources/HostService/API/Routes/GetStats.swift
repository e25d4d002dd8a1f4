import HostProtocol
import NIOHTTP1

/// `GET /v1/stats[?workspace=ID]`: what the kernel has counted of sessions, workspaces and the instance.
struct GetStats: Route {
    let method = HTTPMethod.GET
    let path = "/v1/stats"
    let queryKeys: Set<String> = ["workspace"]
    let description = RouteDescription(
        "What the kernel has counted of sessions, workspaces and the instance.", StatsDocument.self,
        failures: [.workspaceNotFound(""), .groundUnreadable("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let workspace = try call.query.text("workspace")
        if let workspace { _ = try RequestValidation.lookUp(workspace: workspace) }
        return .response(try .document(.ok, await host.stats(workspace: workspace)))
    }
}
