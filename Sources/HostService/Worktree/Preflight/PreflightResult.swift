/// What can be said of a worktree before its directory is removed (I3: three answers, and doubt is not `clean`).
enum PreflightResult: Sendable, Equatable {
    /// Nothing would be lost but what git was told to ignore.
    case clean
    /// Work would be lost. Only force removes it.
    case dirty([Finding])
    /// Git or the kernel did not answer, or not in time. Refused like `dirty`; the text says what was asked and the answer.
    case couldNotTell(String)
    /// The directory is not there (`ENOENT`, and nothing else).
    case missing
    /// The directory is there and the repository that it belongs to is not (`ENOENT`, and nothing else), so that nobody can
    /// say what is in it.
    case repositoryGone(commonDirectory: String)
}
