import HostProtocol
import NIOHTTP1

/// `POST /v1/repositories/trust`: trusts a repository's scripts with the content that they have now.
struct TrustRepository: Route {
    let method = HTTPMethod.POST
    let path = "/v1/repositories/trust"
    let description = RouteDescription(
        "Trusts a repository's scripts with the content that they have now.", TrustDocument.self,
        failures: [.repositoryNotFound(""), .gitFailed("")],
        exampleBody: ["path": "/home/ada/src/app"])

    /// What the body may hold.
    static let shape = JSONShape.object(["path": .required(.text)])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let request = try Self.shape.read(TrustRequest.self, from: call.body)
        try RequestValidation.check(request)
        return .response(try .document(.ok, await host.trustRepository(request)))
    }
}
