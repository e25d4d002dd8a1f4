import HostProtocol
import NIOHTTP1

/// `PATCH /v1/workspaces/ID` with `{"limits": {"memory_max": "4G", …}, "freeze_idle": 1800, "expires_in": 604800}`: sets and
/// lifts limits of a workspace's slice, says after how long of no use it is frozen, and when it is deleted by itself.
///
/// Answers with the workspace and what the kernel has now. What is absent stays as it is.
struct ChangeWorkspace: Route {
    let method = HTTPMethod.PATCH
    let path = "/v1/workspaces/{id}"
    let description = RouteDescription(
        "Sets and lifts limits of all that runs in a workspace, and says when it is frozen and when it expires.",
        WorkspaceDocument.self,
        failures: [
            .workspaceNotFound(""), .workspaceDeleting(""), .limitUnavailable(""), .systemdUnreachable(""),
        ], exampleBody: ["limits": ["memory_max": "4G", "tasks_max": 512], "freeze_idle": 1800])

    /// Limits in a body.
    static let limits = JSONShape.object([
        "memory_max": .optional(.textOrNumber),
        "memory_high": .optional(.textOrNumber),
        "cpu_quota": .optional(.textOrNumber),
        "cpu_weight": .optional(.textOrNumber),
        "tasks_max": .optional(.textOrNumber),
        "io_weight": .optional(.textOrNumber),
    ])

    /// What the body holds.
    static let shape = JSONShape.object([
        "limits": .optional(limits),
        "freeze_idle": .optional(.wholeNumber),
        "expires_in": .optional(.wholeNumber),
    ])

    var bodyShape: JSONShape? { Self.shape }

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(workspace: call.id)
        let request = try Self.shape.read(ChangeRequest.self, from: call.body)
        try RequestValidation.check(request)
        return .response(try .document(.ok, await host.changeWorkspace(id, request)))
    }
}
