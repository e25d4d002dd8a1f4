/// Worktrees that were moved aside and are being deleted in the background.
public struct TrashDocument: Codable, Sendable, Equatable {
    /// Worktrees that are not gone yet, also those that wait for their turn or could not be deleted.
    public var worktrees: Int
    /// Files and directories that were met so far in those that are being deleted now.
    public var entries: Int

    /// Makes a document from its parts.
    public init(worktrees: Int, entries: Int) {
        self.worktrees = worktrees
        self.entries = entries
    }
}
