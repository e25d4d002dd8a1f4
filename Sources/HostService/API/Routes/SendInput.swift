import HostProtocol
import NIOHTTP1

/// `POST /v1/sessions/ID/input`: writes to a terminal. `{"text": …}` as `application/json`, raw bytes as any other
/// type.
struct SendInput: Route {
    let method = HTTPMethod.POST
    let path = "/v1/sessions/{id}/input"

    /// What a JSON body may hold.
    static let shape = JSONShape.object(["text": .required(.text)])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let input = isJSON(call.request) ? try text(call.body) : call.body
        guard !input.isEmpty else {
            throw HostFailure.invalidRequest("body: there is nothing to write to the terminal; nothing was done")
        }
        try await host.sendInput(input, to: id)
        return .response(.noContent)
    }

    private func text(_ body: [UInt8]) throws(HostFailure) -> [UInt8] {
        Array(try Self.shape.read(InputRequest.self, from: body).text.utf8)
    }

    private func isJSON(_ request: APIRequest) -> Bool {
        let type = request.headers.first(name: "content-type")?.split(separator: ";" as Character).first ?? ""
        return type.lowercased().split(separator: " " as Character) == ["application/json"]
    }
}
