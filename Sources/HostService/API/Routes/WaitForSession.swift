import HostProtocol
import NIOHTTP1

/// `POST /v1/sessions/ID/wait` with `{"for": "exit"|"output"|"idle", …}`: answers once that has happened, or did not in time.
///
/// Either is 200; `outcome` says which. Ends with the client and with the service: nothing is left of a wait that nobody
/// waits for.
struct WaitForSession: Route {
    let method = HTTPMethod.POST
    let path = "/v1/sessions/{id}/wait"
    let endsWithClient = true
    let description = RouteDescription(
        "Answers once something has happened in a session, or has not in time.", WaitDocument.self,
        failures: RouteDescription.terminalFailures,
        exampleBody: ["for": "output", "pattern": "text$", "timeout": 10])

    /// What the body may hold.
    static let shape = JSONShape.object([
        "for": .required(.word(["exit", "output", "idle"])),
        "pattern": .optional(.text),
        "idle_seconds": .optional(.number),
        "timeout": .optional(.number),
        "from": .optional(.position),
    ])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let request = try Self.shape.read(WaitRequest.self, from: call.body)
        try RequestValidation.check(request)
        return .response(try .document(.ok, await host.wait(for: request, in: id)))
    }
}
