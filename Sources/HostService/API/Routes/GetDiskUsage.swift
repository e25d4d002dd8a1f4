import HostProtocol
import NIOHTTP1

/// `GET /v1/workspaces/ID/disk[?timeout=SECONDS]`: how much of the disk a workspace's directory takes.
///
/// Counted now, at most for 10 seconds unless told; what was not counted by then is missing, and it says so.
struct GetDiskUsage: Route {
    let method = HTTPMethod.GET
    let path = "/v1/workspaces/{id}/disk"
    let queryKeys: Set<String> = ["timeout"]
    let endsWithClient = true
    let description = RouteDescription(
        "Counts how much of the disk a workspace's directory takes.", DiskDocument.self,
        failures: [.workspaceNotFound("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(workspace: call.id)
        let seconds = try call.query.seconds("timeout", in: RequestValidation.diskSeconds) ?? 10
        return .response(try .document(.ok, await host.diskUsage(of: id, within: .seconds(seconds))))
    }
}
