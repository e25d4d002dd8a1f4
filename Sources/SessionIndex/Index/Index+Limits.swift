public import CgroupPty

extension Index {
    /// Records what a workspace is limited to.
    /// - Returns: Whether there is such a workspace, and it is not being deleted.
    public func setLimits(
        workspace: WorkspaceID, _ limits: ResourceLimits
    ) async throws(IndexFailure) -> Bool {
        try await write("record the limits of workspace", workspace.rawValue) { database in
            try database.change(
                "UPDATE workspace SET limits = ? WHERE id = ? AND state != 'deleting'",
                [limits.isEmpty ? nil : limits.text, workspace.rawValue]) == 1
        }
    }

    /// Records what a session is limited to.
    /// - Returns: Whether there is such a session that has not ended.
    public func setLimits(session: SessionID, _ limits: ResourceLimits) async throws(IndexFailure) -> Bool {
        try await write("record the limits of session", session.rawValue) { database in
            try database.change(
                "UPDATE session SET limits = ? WHERE id = ? AND status IN \(SessionRow.Status.unended.sqlList)",
                [limits.isEmpty ? nil : limits.text, session.rawValue]) == 1
        }
    }
}
