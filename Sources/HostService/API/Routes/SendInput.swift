import HostProtocol
import NIOHTTP1

/// `POST /v1/sessions/ID/input`: writes to a terminal. `{"text": …}` as `application/json`, with `"paste": true` as a paste where
/// the application has asked to be told of those, and with `"enter": true` followed by Enter as a write of its own; raw bytes as
/// any other type.
struct SendInput: Route {
    let method = HTTPMethod.POST
    let path = "/v1/sessions/{id}/input"
    let description = RouteDescription(
        "Types into a terminal: a text as JSON, or bytes of any other type as they are.",
        [.init(status: .noContent, content: .nothing, text: "Written.")],
        failures: RouteDescription.terminalFailures + [.inputFull(""), .frozen(""), .freezeFailed("")],
        exampleBody: ["text": "some text", "enter": true],
        takesBytes: true)

    /// What a JSON body may hold.
    static let shape = JSONShape.object([
        "text": .required(.text), "paste": .optional(.truth), "enter": .optional(.truth),
    ])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let input = isJSON(call.request) ? try text(call.body) : TerminalInput(bytes: call.body)
        guard !input.bytes.isEmpty || input.withEnter else {
            throw HostFailure.invalidRequest("body: there is nothing to write to the terminal; nothing was done")
        }
        try await host.sendInput(input, to: id)
        return .response(.noContent)
    }

    private func text(_ body: [UInt8]) throws(HostFailure) -> TerminalInput {
        let request = try Self.shape.read(InputRequest.self, from: body)
        return TerminalInput(
            bytes: Array(request.text.utf8), isPaste: request.paste ?? false, withEnter: request.enter ?? false)
    }

    private func isJSON(_ request: APIRequest) -> Bool {
        let type = request.headers.first(name: "content-type")?.split(separator: ";" as Character).first ?? ""
        return type.lowercased().split(separator: " " as Character) == ["application/json"]
    }
}
