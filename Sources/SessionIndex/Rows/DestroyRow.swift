public import CgroupPty
public import FoundationEssentials

/// A delete that is under way: what the saga needs to go on where it was, after a crash at any moment (I7).
public struct DestroyRow: Sendable, Equatable {
    /// The workspace that is being deleted.
    public var workspaceID: WorkspaceID
    /// Its receipt, which stays when this row goes.
    public var receiptID: String
    /// What the callers chose, merged, as JSON. The index does not look into it.
    public var options: String
    /// The step that was recorded last, before it acted; nil before the first.
    public var step: String?
    /// Tries that were counted.
    public var attempts: Int
    /// Name in the trash directory that the worktree gets or got; nil until one was chosen.
    public var trashName: String?
    /// Whom the delete saw inside before it signalled anybody, as JSON that the index does not look into; nil before that.
    public var witnesses: String?
    /// The state that the workspace had before.
    public var previousState: WorkspaceRow.State
    /// When the delete began, to the millisecond.
    public var startedAt: Date

    /// Makes a row. `startedAt` is rounded to the millisecond.
    public init(
        workspaceID: WorkspaceID, receiptID: String, options: String, step: String? = nil, attempts: Int = 0,
        trashName: String? = nil, previousState: WorkspaceRow.State, startedAt: Date, witnesses: String? = nil
    ) {
        self.workspaceID = workspaceID
        self.receiptID = receiptID
        self.options = options
        self.step = step
        self.attempts = attempts
        self.trashName = trashName
        self.witnesses = witnesses
        self.previousState = previousState
        self.startedAt = StoredDate.rounded(startedAt)
    }
}

extension DestroyRow {
    /// The state that a workspace gets back when its delete is given up.
    ///
    /// One that was still being created does not go on with that: whoever created it was refused in between. It has
    /// failed.
    var restoredState: WorkspaceRow.State {
        switch previousState {
        case .active: .active
        case .creating, .failed, .deleting: .failed
        }
    }
}
