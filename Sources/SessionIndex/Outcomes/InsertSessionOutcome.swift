/// What became of the wish to add a session.
public enum InsertSessionOutcome: Sendable, Equatable {
    /// The row is written as `starting`.
    case inserted
    /// The id has a row. The request in it tells whether it is the same wish, the status whether it still lives.
    case idUsed(SessionRow)
    /// The id belonged to a session of a workspace that was deleted; this is the workspace's receipt.
    case idSpent(receiptID: String)
    /// There is no such workspace.
    case workspaceMissing
    /// The workspace is not in the state that a session of this kind wants; this is the state that it is in.
    case workspaceNotReady(WorkspaceRow.State)
    /// So many sessions have not ended, which is the limit (I8).
    case limitReached(Int)
}
