import NIOHTTP1

/// `GET /v1/openapi.json`: all of this, for programs.
struct GetOpenAPI: Route {
    let method = HTTPMethod.GET
    let path = "/v1/openapi.json"
    let description = RouteDescription(
        "This document.",
        [.init(status: .ok, content: .other("application/json"), text: "An OpenAPI 3.1 document.")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        .response(.json(try OpenAPIDocument.served.get()))
    }
}
