import HostProtocol
import NIOHTTP1

/// `POST /v1/workspaces`: creates a worktree or adopts a directory.
///
/// Answers 201 with the workspace's address. A request that chose its `id` is answered 200: it is idempotent, and
/// what it gets may have been there before.
struct CreateWorkspace: Route {
    let method = HTTPMethod.POST
    let path = "/v1/workspaces"
    let description = RouteDescription(
        "Creates a worktree, or adopts a directory.",
        [
            .init(status: .created, content: .document(WorkspaceDocument.self), text: "Made."),
            .init(
                status: .ok, content: .document(WorkspaceDocument.self),
                text: "The request chose its id, so what it gets may have been there before."),
        ],
        failures: RouteDescription.startFailures + [
            .repositoryNotFound(""), .idUsed(""), .conflict(""), .branchCheckedOut(""), .workspaceDeleting(""),
            .gitFailed(""),
        ], exampleBody: ["repository": "/home/ada/src/app", "branch": "fix-login", "id": "fixlogin"])

    /// What the body may hold.
    static let shape = JSONShape.object([
        "kind": .optional(.word(["worktree", "adopted"])),
        "repository": .optional(.text),
        "branch": .optional(.text),
        "base": .optional(.text),
        "path": .optional(.text),
        "name": .optional(.text),
        "id": .optional(.text),
        "limits": .optional(ChangeWorkspace.limits),
        "freeze_idle": .optional(.wholeNumber),
        "expires_in": .optional(.wholeNumber),
    ])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let request = try Self.shape.read(CreateWorkspaceRequest.self, from: call.body)
        try RequestValidation.check(request)
        let workspace = try await host.createWorkspace(request)
        return .response(
            try .document(
                request.id == nil ? .created : .ok, workspace, headers: ["location": "/v1/workspaces/\(workspace.id)"]
            )
        )
    }
}
