/// What became of git's registration of a worktree.
enum RegistrationOutcome: Sendable, Equatable {
    /// It is removed.
    case removed
    /// Git has none of this path.
    case absent
    /// The repository is not there (`ENOENT`, and nothing else).
    case repositoryGone
    /// Somebody locked it, for a reason that can be empty. Only force removes it.
    case locked(reason: String)
    /// The worktree's `.git` and git's registration do not name each other; says how. Only force removes it, by what git has
    /// registered alone.
    case disagrees(String)
}
