public import CgroupPty
import GRDB

extension Index {
    /// Takes a session back that was believed lost and whose scope was found alive (I4).
    ///
    /// A stamp stays, and so does a null workspace: whoever looks next knows what was wanted.
    /// - Parameters:
    ///   - leader: Nil leaves what is there; so do the others.
    /// - Returns: Whether the row was `exited` for the reason `lost`.
    public func recoverLost(
        _ session: SessionID, leader: ProcessIdentity? = nil, terminalDevice: UInt64? = nil, lastOutcome: String? = nil
    ) async throws(IndexFailure) -> Bool {
        try await write("recover session", session.rawValue) { database in
            try database.change(
                """
                UPDATE session SET status = 'active', end_reason = NULL, ended_at = NULL, exit_code = NULL,
                    exit_signal = NULL, members_left = NULL, last_outcome = COALESCE(?, last_outcome),
                    \(SessionRow.processAssignments)
                WHERE id = ? AND status = 'exited' AND end_reason = 'lost'
                """,
                [lastOutcome] + SessionRow.processValues(leader, terminalDevice)
                    + [session.rawValue]) == 1
        }
    }

    /// Adds a row for a scope that lives and whose row was lost (I4).
    /// - Parameter row: `active`, and in the workspace of its unit's name.
    /// - Returns: Whether it was added: no row has the id, and the workspace has a row and is not being deleted.
    public func insertRecovered(_ row: SessionRow) async throws(IndexFailure) -> Bool {
        precondition(row.status == .active, "what is recovered lives")
        precondition(row.originWorkspaceID == row.workspaceID, "a unit's name tells the workspace")
        return try await write("recover session", row.id.rawValue) { database in
            let known = try SessionRow.fetchFirst(database, "WHERE id = ?", [row.id.rawValue])
            let workspace = try WorkspaceRow.fetchFirst(database, "WHERE id = ?", [row.workspaceID.rawValue])
            guard known == nil, let workspace, workspace.state != .deleting else { return false }
            try row.insert(database)
            return true
        }
    }
}
