import HostProtocol
import NIOHTTP1

/// `POST /v1/workspaces/ID/sessions`: starts a terminal in a workspace.
///
/// Answers 201 with the session's address. A request that chose its `id` is idempotent: repeated, it is answered 200 with what is
/// there. An empty object asks for the account's login shell.
struct CreateSession: Route {
    let method = HTTPMethod.POST
    let path = "/v1/workspaces/{id}/sessions"
    let description = RouteDescription(
        "Starts a terminal in a workspace.",
        [
            .init(status: .created, content: .document(SessionDocument.self), text: "Started."),
            .init(
                status: .ok, content: .document(SessionDocument.self),
                text: "It was there already, made by the same request with the same id."),
        ],
        failures: RouteDescription.startFailures + [
            .workspaceNotFound(""), .workspaceDeleting(""), .conflict(""), .idUsed(""),
        ], exampleBody: ["command": ["sh", "-c", "echo hello; cat"], "id": "scat"])

    /// What the body may hold.
    static let shape = JSONShape.object([
        "title": .optional(.text),
        "cwd": .optional(.text),
        "env": .optional(.textByName),
        "size": .optional(ResizeSession.shape),
        "on_exit": .optional(.word(["kill", "keep"])),
        "id": .optional(.text),
        "limits": .optional(ChangeWorkspace.limits),
        "command": .optional(.texts),
        "max_runtime": .optional(.wholeNumber),
        "idle_timeout": .optional(.wholeNumber),
    ])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let workspace = try RequestValidation.lookUp(workspace: call.id)
        let request = try Self.shape.read(CreateSessionRequest.self, from: call.body)
        try RequestValidation.check(request)
        let creation = try await host.createSession(in: workspace, request)
        let session = creation.document
        return .response(
            try .document(
                creation.isNew ? .created : .ok, session, headers: ["location": "/v1/sessions/\(session.id)"]
            )
        )
    }
}
