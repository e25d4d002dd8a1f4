import HostProtocol
import NIOHTTP1

/// `GET /v1/reaper`: the passes so far and the last one's result.
struct GetReaper: Route {
    let method = HTTPMethod.GET
    let path = "/v1/reaper"
    let description = RouteDescription(
        "The passes so far, and the last one's result.", ReaperDocument.self)

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        .response(try .document(.ok, await host.reaper()))
    }
}
