import HostProtocol
import NIOHTTP1

/// `POST /v1/sessions/ID/resize` with `{"columns": …, "rows": …}`.
struct ResizeSession: Route {
    let method = HTTPMethod.POST
    let path = "/v1/sessions/{id}/resize"
    let description = RouteDescription(
        "Changes a terminal's size.", [.init(status: .noContent, content: .nothing, text: "Changed.")],
        failures: RouteDescription.terminalFailures, exampleBody: ["columns": 200, "rows": 50])

    /// What the body holds.
    static let shape = JSONShape.object(["columns": .required(.wholeNumber), "rows": .required(.wholeNumber)])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let size = try Self.shape.read(TerminalSize.self, from: call.body)
        try RequestValidation.check(size)
        try await host.resizeSession(id, to: size)
        return .response(.noContent)
    }
}
