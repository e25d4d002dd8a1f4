public import CgroupPty
import GRDB

extension Index {
    /// Adds a session that is about to be started (I9).
    ///
    /// Asked in this order: the id of a row, the id of a session that went with its workspace, the workspace, its
    /// state, the limit.
    /// - Parameters:
    ///   - row: `starting`, and in the workspace of its unit's name.
    ///   - limit: So many sessions that have not ended are allowed, this one included (I8). 3,000 is what a host is
    ///     built for: `kernel.pty.max` is 4,096 by default, and others want terminals too.
    public func insertStarting(
        _ row: SessionRow, limit: Int = 3000
    ) async throws(IndexFailure) -> InsertSessionOutcome {
        precondition(row.status == .starting, "a session begins as `starting`")
        precondition(row.originWorkspaceID == row.workspaceID, "a session begins in the workspace of its unit's name")
        return try await write("insert session", row.id.rawValue) { database in
            if let used = try SessionRow.fetchFirst(database, "WHERE id = ?", [row.id.rawValue]) {
                return .idUsed(used)
            }
            let spent = try String.fetchOne(
                database, sql: "SELECT receipt_id FROM spent_session WHERE id = ?", arguments: [row.id.rawValue])
            if let spent { return .idSpent(receiptID: spent) }
            guard
                let workspace = try WorkspaceRow.fetchFirst(database, "WHERE id = ?", [row.workspaceID.rawValue])
            else { return .workspaceMissing }
            guard workspace.state == row.kind.wantedState else { return .workspaceNotReady(workspace.state) }
            let unended = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM session WHERE status IN \(SessionRow.Status.unended.sqlList)")
            guard let unended, unended < limit else { return .limitReached(limit) }
            try row.insert(database)
            return .inserted
        }
    }

    /// Lets a session begin: the barrier opens only after this said true (I9).
    ///
    /// One statement. It changes the row only while nobody has asked for the session's end and the workspace is still
    /// in the state that a session of this kind wants; a tombstone that came in between refuses it.
    /// - Returns: Whether the row went from `starting` to `active`. If not, the leader must be ended.
    public func activate(
        _ session: SessionID, leader: ProcessIdentity, terminalDevice: UInt64?
    ) async throws(IndexFailure) -> Bool {
        try await write("activate session", session.rawValue) { database in
            let wanted = SessionRow.Kind.allCases
                .map { "WHEN '\($0.rawValue)' THEN '\($0.wantedState.rawValue)'" }
                .joined(separator: " ")
            return try database.change(
                """
                UPDATE session SET status = 'active', \(SessionRow.processAssignments)
                WHERE id = ? AND status = 'starting' AND dispose_requested_at IS NULL AND EXISTS (
                    SELECT 1 FROM workspace
                    WHERE id = session.origin_workspace_id AND state = CASE session.kind \(wanted) END)
                """,
                SessionRow.processValues(leader, terminalDevice) + [session.rawValue]) == 1
        }
    }
}

extension SessionRow {
    /// Sets what is known of a session's process; what is not known stays as it is.
    static let processAssignments = """
        leader_pid = COALESCE(?, leader_pid), leader_start = COALESCE(?, leader_start),
        terminal_device = COALESCE(?, terminal_device)
        """

    /// The values for ``processAssignments``.
    static func processValues(
        _ leader: ProcessIdentity?, _ terminalDevice: UInt64?
    ) -> [(any DatabaseValueConvertible)?] {
        [
            leader?.pid.rawValue, leader.map { StoredInteger.signed($0.startTicks) },
            terminalDevice.map(StoredInteger.signed),
        ]
    }
}

extension SessionRow.Status {
    /// The statuses of sessions that have not ended.
    static let unended = Set(allCases.filter { !$0.isEnded })
}
