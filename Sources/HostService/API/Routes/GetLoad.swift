import HostProtocol
import NIOHTTP1

/// `GET /v1/load[?workspace=ID][&sessions_of=ID,…]`: the few figures that a look every second shows.
struct GetLoad: Route {
    let method = HTTPMethod.GET
    let path = "/v1/load"
    let queryKeys: Set<String> = ["workspace", "sessions_of"]
    let description = RouteDescription(
        "Processor time, memory, tasks and waits in few numbers, for who looks every second.", LoadDocument.self,
        failures: [.workspaceNotFound(""), .groundUnreadable("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let workspace = try call.query.text("workspace")
        let sessionsOf = try call.query.text("sessions_of")?.split(separator: ",").map { String($0) }
        for id in (sessionsOf ?? []) + [workspace].compactMap(\.self) {
            _ = try RequestValidation.lookUp(workspace: id)
        }
        return .response(try .document(.ok, await host.load(workspace: workspace, sessionsOf: sessionsOf)))
    }
}
