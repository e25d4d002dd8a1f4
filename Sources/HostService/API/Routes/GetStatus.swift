import HostProtocol
import NIOHTTP1

/// `GET /v1/status`: the service and what it can do now.
struct GetStatus: Route {
    let method = HTTPMethod.GET
    let path = "/v1/status"
    let description = RouteDescription(
        "The service and what it can do now.", StatusDocument.self)

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        .response(try .document(.ok, await host.status()))
    }
}
