public import CgroupPty

/// How many sessions there are, from one read.
public struct SessionCounts: Sendable, Equatable {
    /// Sessions that have not ended, by the workspace that still has a row. Workspaces without any are left out.
    public var unended: [WorkspaceID: Int]
    /// All sessions by status. Statuses without any are left out.
    public var byStatus: [SessionRow.Status: Int]

    /// Gathers the counts.
    public init(unended: [WorkspaceID: Int], byStatus: [SessionRow.Status: Int]) {
        self.unended = unended
        self.byStatus = byStatus
    }
}
