import HostProtocol
import NIOHTTP1

/// `POST /v1/workspaces`: creates a worktree or adopts a directory.
///
/// Answers 201 with the workspace's address. A request that chose its `id`, or that names a branch, is idempotent: repeated, it is
/// answered 200 with what is there.
struct CreateWorkspace: Route {
    let method = HTTPMethod.POST
    let path = "/v1/workspaces"
    let description = RouteDescription(
        "Creates a worktree, or adopts a directory.",
        [
            .init(status: .created, content: .document(WorkspaceDocument.self), text: "Made."),
            .init(
                status: .ok, content: .document(WorkspaceDocument.self),
                text: "It was there already: made by the same request with the same id, or the branch's."),
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
        let creation = try await host.createWorkspace(request)
        let workspace = creation.document
        return .response(
            try .document(
                creation.isNew ? .created : .ok, workspace, headers: ["location": "/v1/workspaces/\(workspace.id)"]
            )
        )
    }
}
