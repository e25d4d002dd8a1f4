import HostProtocol
import NIOHTTP1

/// `GET /v1/stats[?workspace=ID][&sessions_of=ID,…][&brief]`: what the kernel has counted of sessions, workspaces and the instance.
struct GetStats: Route {
    let method = HTTPMethod.GET
    let path = "/v1/stats"
    let queryKeys: Set<String> = ["workspace", "sessions_of", "brief"]
    let description = RouteDescription(
        "What the kernel has counted of sessions, workspaces and the instance.", StatsDocument.self,
        failures: [.workspaceNotFound(""), .groundUnreadable("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        var options = StatsOptions(workspace: try call.query.text("workspace"), brief: try call.query.flag("brief"))
        if let workspace = options.workspace { _ = try RequestValidation.lookUp(workspace: workspace) }
        options.sessionsOf = try call.query.text("sessions_of")?.split(separator: ",").map { String($0) }
        for id in options.sessionsOf ?? [] { _ = try RequestValidation.lookUp(workspace: id) }
        return .response(try .document(.ok, await host.stats(options)))
    }
}
