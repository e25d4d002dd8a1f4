public import HostProtocol

/// Workspaces and their end.
extension HostClient {
    /// Creates a workspace, or adopts a directory as one.
    ///
    /// - Parameter timeout: A checkout can take as long as the host lets git run, and the setup script comes on top.
    public func createWorkspace(
        _ request: CreateWorkspaceRequest, timeout: Duration = .seconds(900)
    ) async throws(HostClientFailure) -> Creation<WorkspaceDocument> {
        let body = try Self.body(request, for: "POST /v1/workspaces")
        let (document, status) = try await document(
            .post, "/v1/workspaces", body: body, timeout: timeout, as: WorkspaceDocument.self
        )
        return Creation(document: document, isNew: status == 201)
    }

    /// Workspaces in the order of their creation; those that are being deleted only with `all`.
    public func workspaces(all: Bool = false) async throws(HostClientFailure) -> [WorkspaceDocument] {
        try await document(.get, "/v1/workspaces", query: all ? [QueryItem("all", "true")] : []).document
    }

    /// One workspace.
    public func workspace(_ id: String) async throws(HostClientFailure) -> WorkspaceDocument {
        try await document(.get, "/v1/workspaces/\(RequestTarget.escape(id))").document
    }

    /// Stops all that runs in a workspace, until it is thawed.
    public func freezeWorkspace(_ id: String) async throws(HostClientFailure) -> WorkspaceDocument {
        try await document(.post, "/v1/workspaces/\(RequestTarget.escape(id))/freeze").document
    }

    /// Lets all that runs in a workspace go on.
    public func thawWorkspace(_ id: String) async throws(HostClientFailure) -> WorkspaceDocument {
        try await document(.post, "/v1/workspaces/\(RequestTarget.escape(id))/thaw").document
    }

    /// Deletes a workspace and everything in its slice, or joins a delete that is under way.
    ///
    /// Waits for the teardown script and the options' timeout, and a minute more for a busy host. The delete goes on by
    /// itself when the caller does not wait (I7).
    /// - Returns: the receipt so far. Only `deleted` with `confirmed` means that everything is gone.
    public func deleteWorkspace(
        _ id: String, _ options: DeleteWorkspaceOptions = DeleteWorkspaceOptions()
    ) async throws(HostClientFailure) -> ReceiptDocument {
        var query: [QueryItem] = []
        if options.force { query.append(QueryItem("force", "true")) }
        if options.deleteBranch { query.append(QueryItem("delete_branch", "true")) }
        if options.teardown == .skip { query.append(QueryItem("teardown", "skip")) }
        if options.abandon { query.append(QueryItem("abandon", "true")) }
        if options.dryRun { query.append(QueryItem("dry_run", "true")) }
        if let timeout = options.timeout { query.append(QueryItem("timeout", Self.seconds(timeout))) }
        // A caller's figure may be any number; a year is as good as for ever and can be counted in nanoseconds.
        let patience = min(max(options.timeout ?? 30, 0), 31_536_000)
        return try await document(
            .delete, "/v1/workspaces/\(RequestTarget.escape(id))", query: query, timeout: .seconds(patience + 120)
        ).document
    }

    /// Seconds as a query holds them, a whole number where it is one.
    static func seconds(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
