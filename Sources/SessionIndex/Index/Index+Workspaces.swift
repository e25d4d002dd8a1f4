public import CgroupPty
public import FoundationEssentials
import GRDB

extension Index {
    /// Adds a workspace, unless its id, its branch or its path is taken.
    ///
    /// Asked in this order: the id of a row, the id of a receipt, the branch, the path.
    /// - Parameter row: In any state but `deleting`, which only ``tombstone(_:receipt:options:at:)`` gives.
    public func insertWorkspace(_ row: WorkspaceRow) async throws(IndexFailure) -> InsertWorkspaceOutcome {
        precondition(row.state != .deleting, "only a tombstone makes a workspace `deleting`")
        return try await write("insert workspace", row.id.rawValue) { database in
            if let used = try WorkspaceRow.fetchFirst(database, "WHERE id = ?", [row.id.rawValue]) {
                return .idUsed(used)
            }
            if let receipt = try ReceiptRow.newest(database, of: row.id) {
                return .idSpent(receiptID: receipt.id)
            }
            if let repository = row.repository, let branch = row.branch,
                let taken = try WorkspaceRow.fetchFirst(
                    database, "WHERE repository = ? AND branch = ? AND state IN ('creating', 'active')",
                    [repository, branch])
            {
                return .branchTaken(taken)
            }
            if let taken = try WorkspaceRow.fetchFirst(database, "WHERE path = ?", [row.path]) {
                return .pathTaken(taken)
            }
            try row.insert(database)
            return .inserted
        }
    }

    /// The workspace, nil when there is no such row.
    public func workspace(_ id: WorkspaceID) async throws(IndexFailure) -> WorkspaceRow? {
        try await read("read workspace", id.rawValue) { database in
            try WorkspaceRow.fetchFirst(database, "WHERE id = ?", [id.rawValue])
        }
    }

    /// All workspaces in the order of their creation.
    public func workspaces() async throws(IndexFailure) -> [WorkspaceRow] {
        try await read("read workspaces", "") { database in
            try WorkspaceRow.fetch(database, WorkspaceRow.inOrder)
        }
    }

    /// Moves a workspace on, and records what was learnt of it.
    ///
    /// `creating` may become `active` or `failed`; every state may stay as it is, to record something. All else is
    /// refused: into and out of `deleting` lead only the tombstone and what ends it, because a workspace that is
    /// `deleting` without a destroy row would be deleted by nobody; an active one does not go back to `creating`, since
    /// its shells want it active; a failed one can only be deleted.
    /// - Parameters:
    ///   - from: The states that the change was judged from.
    ///   - detail: Replaces what is there, also with nil.
    ///   - name: Nil leaves what is there; so do the others.
    /// - Returns: Whether the row was in one of the states and the change is not refused.
    public func updateWorkspace(
        _ id: WorkspaceID, from: Set<WorkspaceRow.State>, to: WorkspaceRow.State, detail: String?,
        name: String? = nil, path: String? = nil, branch: String? = nil, worktreeIdentity: FileIdentity? = nil,
        branchWasCreated: Bool? = nil
    ) async throws(IndexFailure) -> Bool {
        let allowed = from.filter { $0.mayBecome(to) }
        return try await write("update workspace", id.rawValue) { database in
            try database.change(
                """
                UPDATE workspace SET state = ?, detail = ?, name = COALESCE(?, name), path = COALESCE(?, path),
                    branch = COALESCE(?, branch), worktree_device = COALESCE(?, worktree_device),
                    worktree_inode = COALESCE(?, worktree_inode),
                    branch_was_created = COALESCE(?, branch_was_created)
                WHERE id = ? AND state IN \(allowed.sqlList)
                """,
                [
                    to.rawValue, detail, name, path, branch,
                    worktreeIdentity.map { StoredInteger.signed($0.device) },
                    worktreeIdentity.map { StoredInteger.signed($0.inode) }, branchWasCreated, id.rawValue,
                ]) == 1
        }
    }

    /// Gives a workspace another name, in whatever state it is.
    /// - Returns: Whether there is such a workspace.
    public func renameWorkspace(_ id: WorkspaceID, name: String) async throws(IndexFailure) -> Bool {
        try await write("rename workspace", id.rawValue) { database in
            try database.change("UPDATE workspace SET name = ? WHERE id = ?", [name, id.rawValue]) == 1
        }
    }

    /// Sets after how many seconds of no use a workspace is frozen; 0 for never.
    /// - Returns: Whether there is such a workspace.
    public func setFreezeIdle(_ id: WorkspaceID, _ seconds: Int) async throws(IndexFailure) -> Bool {
        try await write("set the idle freeze of workspace", id.rawValue) { database in
            try database.change("UPDATE workspace SET freeze_idle = ? WHERE id = ?", [seconds, id.rawValue]) == 1
        }
    }

    /// Sets when a workspace is deleted by itself; nil for never.
    /// - Returns: Whether there is such a workspace.
    public func setExpiry(_ id: WorkspaceID, _ moment: Date?) async throws(IndexFailure) -> Bool {
        try await write("set the expiry of workspace", id.rawValue) { database in
            try database.change(
                "UPDATE workspace SET expires_at = ? WHERE id = ?", [moment.map(StoredDate.text), id.rawValue]) == 1
        }
    }

    /// Drops the row of a workspace whose creation was undone.
    ///
    /// Refused for `active` and `deleting`, which end by a delete, and while a session of it has not ended.
    /// - Parameter from: The states that the change was judged from.
    /// - Returns: Whether the row was dropped. Rows of its ended sessions stay, with a null workspace.
    public func forgetWorkspace(_ id: WorkspaceID, from: Set<WorkspaceRow.State>) async throws(IndexFailure) -> Bool {
        let allowed = from.intersection([.creating, .failed])
        return try await write("forget workspace", id.rawValue) { database in
            try database.change(
                """
                DELETE FROM workspace WHERE id = ? AND state IN \(allowed.sqlList) AND NOT EXISTS (
                    SELECT 1 FROM session
                    WHERE origin_workspace_id = workspace.id AND status IN \(SessionRow.Status.unended.sqlList))
                """,
                [id.rawValue]) == 1
        }
    }
}

extension WorkspaceRow {
    /// Orders by creation.
    static let inOrder = "ORDER BY created_at, id"
}

extension WorkspaceRow.State {
    /// Whether ``Index/updateWorkspace(_:from:to:detail:name:path:branch:worktreeIdentity:branchWasCreated:)`` may do
    /// it.
    func mayBecome(_ next: WorkspaceRow.State) -> Bool {
        switch (self, next) {
        case (.creating, .creating), (.creating, .active), (.creating, .failed): true
        case (.active, .active), (.failed, .failed), (.deleting, .deleting): true
        // By a tombstone only: it writes the destroy row that somebody finishes.
        case (.creating, .deleting), (.active, .deleting), (.failed, .deleting): false
        // By restoreWorkspace or finishDestroy only: they end the destroy row.
        case (.deleting, .creating), (.deleting, .active), (.deleting, .failed): false
        // Its shells want it active.
        case (.active, .creating), (.active, .failed): false
        // What failed is looked at and deleted.
        case (.failed, .creating), (.failed, .active): false
        }
    }
}
