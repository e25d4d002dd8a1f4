public import CgroupPty
import GRDB

extension Index {
    /// The session, nil when there is no such row.
    public func session(_ id: SessionID) async throws(IndexFailure) -> SessionRow? {
        try await read("read session", id.rawValue) { database in
            try SessionRow.fetchFirst(database, "WHERE id = ?", [id.rawValue])
        }
    }

    /// Those of some sessions that have a row.
    public func recorded(_ ids: [SessionID]) async throws(IndexFailure) -> Set<SessionID> {
        try await read("read sessions", "") { database in
            let list = StoredTextList.text(ids.map(\.rawValue))
            return Set(
                try RecordedSession.fetch(database, "WHERE id IN (SELECT value FROM json_each(?))", [list]).map(\.id))
        }
    }

    /// Sessions in the order of their creation.
    /// - Parameters:
    ///   - workspace: Only those of this workspace; nil: those of all, also those whose workspace is gone.
    ///   - includeEnded: Also `exited` and `disposed` ones.
    public func sessions(
        workspace: WorkspaceID? = nil, includeEnded: Bool
    ) async throws(IndexFailure) -> [SessionRow] {
        let statuses = includeEnded ? Set(SessionRow.Status.allCases) : SessionRow.Status.unended
        return try await read("read sessions", workspace?.rawValue ?? "") { database in
            if let workspace {
                return try SessionRow.fetch(
                    database, "WHERE origin_workspace_id = ? AND status IN \(statuses.sqlList) \(SessionRow.inOrder)",
                    [workspace.rawValue])
            }
            return try SessionRow.fetch(database, "WHERE status IN \(statuses.sqlList) \(SessionRow.inOrder)")
        }
    }

    /// Sessions that have not ended and whose time is limited.
    public func limitedSessions() async throws(IndexFailure) -> [SessionRow] {
        try await read("read sessions", "") { database in
            try SessionRow.fetch(
                database,
                """
                WHERE (status IN \(SessionRow.Status.unended.sqlList)
                        OR status = 'exited' AND on_exit = 'keep' AND members_left IS NOT 0)
                    AND (max_runtime IS NOT NULL OR idle_timeout IS NOT NULL) \(SessionRow.inOrder)
                """)
        }
    }

    /// How many sessions there are, by workspace and by status.
    public func sessionCounts() async throws(IndexFailure) -> SessionCounts {
        try await read("count sessions", "") { database in
            var counts = SessionCounts(unended: [:], byStatus: [:])
            for group in try SessionGroup.fetch(database, "GROUP BY origin_workspace_id, status") {
                counts.byStatus[group.status, default: 0] += group.count
                if let workspace = group.workspace, !group.status.isEnded {
                    counts.unended[workspace, default: 0] += group.count
                }
            }
            return counts
        }
    }

    /// All that the index claims, from one consistent read.
    public func claims() async throws(IndexFailure) -> ClaimSnapshot {
        try await read("read claims", "") { database in
            let workspaces = try WorkspaceRow.fetch(database, WorkspaceRow.inOrder)
            let receipted = try SpentWorkspace.fetch(database, "").map(\.id)
            let living = workspaces.filter { $0.state != .deleting }.map(\.id)
            let deleting = workspaces.filter { $0.state == .deleting }.map(\.id)
            return ClaimSnapshot(
                sessions: try SessionRow.fetch(database, SessionRow.inOrder), workspaces: workspaces,
                spentWorkspaces: Set(receipted).subtracting(living).union(deleting))
        }
    }
}

/// A session that has a row.
private struct RecordedSession: SelectedRow {
    static let table = "session"
    static let columns = ["id"]
    let id: SessionID

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        id = try reader.sessionID()
    }
}

/// How many sessions of one workspace have one status.
private struct SessionGroup: SelectedRow {
    static let table = "session"
    static let columns = ["origin_workspace_id", "status", "count(*)"]
    let workspace: WorkspaceID?
    let status: SessionRow.Status
    let count: Int

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        workspace = try reader.optionalWorkspaceID()
        status = try reader.word()
        count = Int(try reader.integer())
    }
}

/// A workspace that has a receipt.
private struct SpentWorkspace: SelectedRow {
    static let table = "receipt"
    static let columns = ["workspace_id"]
    let id: WorkspaceID

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        id = try reader.workspaceID()
    }
}
