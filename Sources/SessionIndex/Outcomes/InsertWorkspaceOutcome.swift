/// What became of the wish to add a workspace.
public enum InsertWorkspaceOutcome: Sendable, Equatable {
    /// The row is written.
    case inserted
    /// The id has a row. The request in it tells whether it is the same wish.
    case idUsed(WorkspaceRow)
    /// The id belonged to a workspace that was deleted; this is its newest receipt.
    case idSpent(receiptID: String)
    /// A workspace that is being created or is active has the same branch of the same repository.
    case branchTaken(WorkspaceRow)
    /// A workspace, in whatever state, has the same path.
    case pathTaken(WorkspaceRow)
}
