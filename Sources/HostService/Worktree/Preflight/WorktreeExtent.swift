/// What goes when a worktree goes: its directory, and its own git directory with the repositories of its submodules.
struct WorktreeExtent: Sendable, Equatable {
    /// Real path of the worktree's directory.
    let worktree: ByteString
    /// Real path of the worktree's own git directory.
    let gitDirectory: ByteString

    /// Whether what has this real path goes too.
    func contains(_ path: ByteString) -> Bool {
        path.isAtOrBelow(worktree) || path.isAtOrBelow(gitDirectory)
    }
}
