public import CgroupPty

/// All that the index claims, from one consistent read: what the reaper holds against the ground.
public struct ClaimSnapshot: Sendable, Equatable {
    /// All sessions, ended ones too.
    public var sessions: [SessionRow]
    /// All workspaces.
    public var workspaces: [WorkspaceRow]
    /// Workspaces whose scopes nobody wants any more: those with a tombstone, and those with a receipt and without a
    /// row.
    ///
    /// A workspace whose delete was given up has a receipt too, and lives: it is not among them.
    public var spentWorkspaces: Set<WorkspaceID>

    /// Gathers the claims.
    public init(sessions: [SessionRow], workspaces: [WorkspaceRow], spentWorkspaces: Set<WorkspaceID>) {
        self.sessions = sessions
        self.workspaces = workspaces
        self.spentWorkspaces = spentWorkspaces
    }
}
