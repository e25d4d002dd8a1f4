/// One kind of work that would be lost with a worktree, or one reason to leave it.
enum Finding: Sendable, Equatable {
    /// Files that git tracks differ from HEAD, in the index or in the directory.
    case trackedChanges(NameSample)
    /// Files that git neither tracks nor ignores.
    case untrackedFiles(NameSample)
    /// Files whose changes git was told not to see (`assume-unchanged`, `skip-worktree`), and that have changed.
    case hiddenChanges(NameSample)
    /// A merge, rebase or the like is not finished.
    case operationInProgress([GitOperation])
    /// HEAD names a commit that no branch, tag or other ref contains.
    case unreferencedHead(commit: String)
    /// Only refs that belong to the worktree, and go with it, have this commit.
    case unreferencedCommit(String)
    /// Somebody locked the worktree; the reason can be empty.
    case locked(reason: String)
    /// Submodules with changes, or with commits, branches or a stash that no remote of theirs has.
    case submodules(NameSample)
    /// Other repositories in the worktree's directory with something in them that would be lost.
    case nestedRepositories(NameSample)
}

extension Finding: CustomStringConvertible {
    /// For a message, for instance `3 untracked files (a, b, c)`.
    var description: String {
        switch self {
        case .trackedChanges(let names): names.describe("changed file", "changed files")
        case .untrackedFiles(let names): names.describe("untracked file", "untracked files")
        case .hiddenChanges(let names):
            names.describe("change hidden from git status", "changes hidden from git status")
        case .operationInProgress(let operations):
            "in the middle of a " + operations.map(\.rawValue).joined(separator: " and a ")
        case .unreferencedHead(let commit): "HEAD \(commit) is on no branch"
        case .unreferencedCommit(let commit): "commit \(commit) is on no branch, only on a ref of this worktree"
        case .locked(let reason): reason.isEmpty ? "locked" : "locked: \(reason)"
        case .submodules(let names): names.describe("submodule with work in it", "submodules with work in them")
        case .nestedRepositories(let names):
            names.describe("nested repository with work in it", "nested repositories with work in them")
        }
    }
}
