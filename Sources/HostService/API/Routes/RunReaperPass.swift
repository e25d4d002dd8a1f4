import HostProtocol
import NIOHTTP1

/// `POST /v1/reaper/pass?dry_run&unclaimed`: makes a pass and answers with its result.
struct RunReaperPass: Route {
    let method = HTTPMethod.POST
    let path = "/v1/reaper/pass"
    let queryKeys: Set<String> = ["dry_run", "unclaimed"]
    let description = RouteDescription(
        "Makes a pass of the reaper.", PassDocument.self)

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let dryRun = try call.query.flag("dry_run")
        let unclaimed = try call.query.flag("unclaimed")
        return .response(try .document(.ok, await host.reap(dryRun: dryRun, unclaimed: unclaimed)))
    }
}
