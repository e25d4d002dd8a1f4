/// A worktree that is to be made: where, and by which command.
///
/// The command runs hooks (`post-checkout`) and filters, so it is not run here but as a session of the workspace, in a scope.
/// It is made in a ``WorktreeDirectory`` that was recorded before; a creation that crashed half-way is undone by the same removal as a
/// delete, and of that directory only.
struct WorktreePlan: Sendable, Equatable {
    /// What is checked out.
    enum Start: Sendable, Equatable {
        /// A branch that exists.
        case existing(branch: String)
        /// A branch that is made. `base` is a commit id (``Repository/commit(of:)``): a remote branch's name would make the new
        /// branch follow it, and a push go there.
        case new(branch: String, base: String)
    }

    /// Absolute path of the worktree: `<managed root>/<repository name>-<hash8>/<workspace id>`. A branch's name is no part of
    /// it, since `a` and `a/b` would nest.
    let path: String
    /// The whole command line, `git` first.
    let arguments: [String]

    /// - Parameter managedRoot: absolute path of the directory that holds all worktrees.
    init(repository: Repository, workspace: String, start: Start, managedRoot: String) {
        let path = "\(managedRoot)/\(repository.directoryName)/\(workspace)"
        let ends: [String]
        switch start {
        case .existing(let branch): ends = ["--", path, branch]
        case .new(let branch, let base): ends = ["--no-track", "-b", branch, "--", path, base]
        }
        self.path = path
        arguments =
            ["git", "-C", repository.path] + GitCommand.quietOptions.map(\.description) + ["worktree", "add"] + ends
    }

    /// The environment for the command: the one given without any `GIT_*`, and with all that keeps git from asking. The person's
    /// language stays, and a partial clone may fetch.
    static func environment(from session: [String: String]) -> [String: String] {
        GitCommand.nonInteractiveEnvironment(from: session)
    }
}
