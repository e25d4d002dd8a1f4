import HostProtocol
import NIOHTTP1

/// `POST /v1/sessions/ID/resize` with `{"columns": …, "rows": …}`.
struct ResizeSession: Route {
    let method = HTTPMethod.POST
    let path = "/v1/sessions/{id}/resize"

    /// What the body holds.
    static let shape = JSONShape.object(["columns": .required(.wholeNumber), "rows": .required(.wholeNumber)])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let size = try Self.shape.read(TerminalSize.self, from: call.body)
        try RequestValidation.check(size)
        try await host.resizeSession(id, to: size)
        return .response(.noContent)
    }
}
