import HostProtocol
import NIOHTTP1

/// `DELETE /v1/workspaces/ID?force&delete_branch&teardown=run|skip&abandon&dry_run&timeout=SECONDS`.
///
/// Answers with the receipt: 200 when the kernel has confirmed that nothing is left (or for a plan), 202 when that is
/// not known or not so (yet). A delete that was stopped and undone is the error `kept`, with the reason; its receipt
/// can be read.
struct DeleteWorkspace: Route {
    let method = HTTPMethod.DELETE
    let path = "/v1/workspaces/{id}"
    let queryKeys: Set<String> = ["force", "delete_branch", "teardown", "abandon", "dry_run", "timeout"]
    let description = RouteDescription(
        "Ends all that runs in a workspace and removes it.",
        [
            .init(
                status: .ok, content: .document(ReceiptDocument.self),
                text: "The kernel confirmed that nothing is left; or, with `dry_run`, a plan."),
            .init(
                status: .accepted, content: .document(ReceiptDocument.self),
                text: "That nothing is left is not known, or not so (yet). It goes on by itself."),
        ],
        failures: [
            .workspaceNotFound(""), .dirty(""), .mainWorktree(""), .nestedWorktree(""), .conflict(""),
            .workspaceDeleting(""), .gitFailed(""),
        ], refusals: [.kept("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(workspace: call.id)
        let query = call.query
        let options = DeleteWorkspaceOptions(
            force: try query.flag("force"),
            deleteBranch: try query.flag("delete_branch"),
            teardown: try teardown(query),
            abandon: try query.flag("abandon"),
            dryRun: try query.flag("dry_run"),
            timeout: try query.seconds("timeout", in: RequestValidation.timeoutSeconds)
        )
        let receipt = try await host.deleteWorkspace(id, options)
        switch receipt.state {
        case .planned:
            return .response(try .document(.ok, receipt))
        case .deleted:
            return .response(try .document(receipt.outcome == .confirmed ? .ok : .accepted, receipt))
        case .deleting:
            return .response(try .document(.accepted, receipt))
        case .kept:
            let reason = receipt.detail ?? "it was stopped before anything was removed"
            throw APIRefusal.kept(
                "delete workspace \(receipt.workspace): \(reason); the workspace was kept (receipt \(receipt.id))"
            )
        }
    }

    private func teardown(_ query: QueryParameters) throws(HostFailure) -> DeleteWorkspaceOptions.Teardown {
        switch try query.text("teardown") {
        case nil, "run": return .run
        case "skip": return .skip
        case .some(let other):
            throw .invalidRequest("query: \"teardown\" is run or skip, and not \"\(other)\"; nothing was done")
        }
    }
}
