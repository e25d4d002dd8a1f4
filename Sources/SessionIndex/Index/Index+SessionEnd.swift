public import CgroupPty
public import FoundationEssentials
import GRDB

extension Index {
    /// Records that a session's end was asked for, before anything is done about it (I7).
    ///
    /// The first request's time stays. `active` becomes `stopping`; `starting` stays, and can no longer be activated;
    /// `exited` stays, since processes may live on in its scope; a `disposed` row is left as it is.
    /// - Parameter reason: What the row is to say once it is over, whoever ends it; the first request's stays.
    /// - Returns: The row afterwards, nil when there is none.
    public func stampDispose(
        _ session: SessionID, because reason: SessionRow.EndReason? = nil, at: Date
    ) async throws(IndexFailure) -> SessionRow? {
        try await write("stamp session", session.rawValue) { database in
            try database.change(
                "\(SessionRow.stamp) WHERE id = ? AND status != 'disposed'",
                [reason?.rawValue, StoredDate.text(at), session.rawValue])
            return try SessionRow.fetchFirst(database, "WHERE id = ?", [session.rawValue])
        }
    }

    /// Records that the end of all sessions of a workspace was asked for, as ``stampDispose(_:because:at:)`` does for one.
    /// - Returns: The rows of those that have not ended, afterwards, in the order of their creation.
    public func stampDispose(workspace: WorkspaceID, at: Date) async throws(IndexFailure) -> [SessionRow] {
        try await write("stamp the sessions of workspace", workspace.rawValue) { database in
            let living = "WHERE origin_workspace_id = ? AND status IN \(SessionRow.Status.unended.sqlList)"
            try database.change(
                "\(SessionRow.stamp) \(living)",
                [nil, StoredDate.text(at), workspace.rawValue])
            return try SessionRow.fetch(database, "\(living) \(SessionRow.inOrder)", [workspace.rawValue])
        }
    }

    /// Takes a session whose kill was not confirmed back to `active` (I3). The stamp stays, so the reaper tries again.
    /// - Returns: Whether the row was `stopping`.
    public func restoreActive(_ session: SessionID, lastOutcome: String) async throws(IndexFailure) -> Bool {
        try await write("restore session", session.rawValue) { database in
            try database.change(
                "UPDATE session SET status = 'active', last_outcome = ? WHERE id = ? AND status = 'stopping'",
                [lastOutcome, session.rawValue]) == 1
        }
    }

    /// Records the outcome of a kill without moving the row.
    /// - Returns: Whether there is such a row.
    public func recordOutcome(_ session: SessionID, lastOutcome: String) async throws(IndexFailure) -> Bool {
        try await write("record the outcome of session", session.rawValue) { database in
            try database.change(
                "UPDATE session SET last_outcome = ? WHERE id = ?", [lastOutcome, session.rawValue]) == 1
        }
    }

    /// Records how many processes are left in an exited session's scope.
    ///
    /// A row with some left is not pruned while its workspace stays; one with none is.
    /// - Returns: Whether the row was `exited`.
    public func setMembersLeft(_ session: SessionID, _ count: Int) async throws(IndexFailure) -> Bool {
        try await write("record the members of session", session.rawValue) { database in
            try database.change(
                "UPDATE session SET members_left = ? WHERE id = ? AND status = 'exited'",
                [count, session.rawValue]) == 1
        }
    }

    /// Records that a session is over.
    ///
    /// Every status that is not an end may become either; `exited` may become `disposed`, when what had been left in
    /// the scope was killed. All else is refused: `disposed` is confirmed by the kernel and final, and an `exited` row
    /// is not told a second time how it ended.
    /// - Parameters:
    ///   - from: The statuses that the change was judged from.
    ///   - status: `.disposed` only after I2.
    ///   - exit: Nil leaves what is there; so do `outcome` and `membersLeft`.
    ///   - at: When it ended. A later end of the same session replaces an earlier one.
    /// - Returns: Whether the row was in one of the statuses and the change is not refused.
    public func markEnded(
        _ session: SessionID, from: Set<SessionRow.Status>, status: SessionRow.Ending, reason: SessionRow.EndReason,
        exit: SessionRow.Exit? = nil, outcome: String? = nil, membersLeft: Int? = nil, at: Date
    ) async throws(IndexFailure) -> Bool {
        let allowed = from.filter { $0.mayEnd(as: status) }
        return try await write("end session", session.rawValue) { database in
            try database.change(
                """
                UPDATE session SET status = ?, end_reason = ?, ended_at = ?,
                    exit_code = CASE WHEN ? THEN ? ELSE exit_code END,
                    exit_signal = CASE WHEN ? THEN ? ELSE exit_signal END,
                    last_outcome = COALESCE(?, last_outcome), members_left = COALESCE(?, members_left)
                WHERE id = ? AND status IN \(allowed.sqlList)
                """,
                [
                    status.rawValue, reason.rawValue, StoredDate.text(at), exit != nil, exit?.code, exit != nil,
                    exit?.signal, outcome, membersLeft, session.rawValue,
                ]) == 1
        }
    }
}

extension SessionRow {
    /// Orders by creation.
    static let inOrder = "ORDER BY created_at, id"

    /// The beginning of a statement that records the wish for an end.
    static let stamp = """
        UPDATE session SET
            dispose_reason = CASE WHEN dispose_requested_at IS NULL THEN ? ELSE dispose_reason END,
            dispose_requested_at = COALESCE(dispose_requested_at, ?),
            status = CASE status WHEN 'active' THEN 'stopping' ELSE status END
        """
}

extension SessionRow.Status {
    /// Whether ``Index/markEnded(_:from:status:reason:exit:outcome:membersLeft:at:)`` may do it.
    func mayEnd(as ending: SessionRow.Ending) -> Bool {
        switch (self, ending) {
        case (.starting, _), (.active, _), (.stopping, _), (.exited, .disposed): true
        // Its end is on record.
        case (.exited, .exited): false
        // The kernel said so; nothing takes that back.
        case (.disposed, .exited), (.disposed, .disposed): false
        }
    }
}
