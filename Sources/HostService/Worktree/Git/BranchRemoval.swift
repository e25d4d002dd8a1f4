/// Removes a workspace's branch, if no work is lost or the caller insists.
struct BranchRemoval: Sendable {
    /// What became of the branch.
    enum Outcome: Sendable, Equatable {
        /// It is gone; `commit` is what it named, by which it can be made again.
        case removed(commit: String)
        /// There was none.
        case absent
        /// It is still there.
        case kept(Reason)
    }

    /// Why a branch was kept.
    enum Reason: Sendable, Equatable, CustomStringConvertible {
        /// Neither its upstream nor, without one, the repository's HEAD contains it; only force removes it.
        case notMerged(commit: String)
        /// A worktree has it checked out or is in the middle of rebasing or bisecting it.
        case checkedOut(String)
        /// HEAD of a bare repository names it: new clones start there.
        case headOfBareRepository

        /// For a receipt's warning.
        var description: String {
            switch self {
            case .notMerged(let commit): "not fully merged (at \(commit)); `git branch -D` deletes it all the same"
            case .checkedOut(let place): "in use: \(place)"
            case .headOfBareRepository: "HEAD of the bare repository names it"
            }
        }
    }

    /// Where the branch is.
    let repository: Repository

    /// Removes the branch as `git branch -d` does, with `force` as `git branch -D`.
    ///
    /// Git's own words are read to tell its refusals apart; they are those of `LC_ALL=C`. Any that is not known is a failure, and
    /// so a warning with git's text.
    /// - Throws: ``GitFailure`` when git could not be asked or refused for another reason; then the branch is still there.
    func remove(_ branch: String, force: Bool) async throws(GitFailure) -> Outcome {
        guard let commit = try await repository.branchCommit(branch) else { return .absent }
        if let obstacle = try await obstacle(branch) { return .kept(obstacle) }
        let answer = try await repository.git.run(
            ["branch", force ? "-D" : "-d", "--", ByteString(branch)], in: repository.directory, ending: .terminateFirst
        )
        if answer.status == 0 { return .removed(commit: commit) }
        if try await !repository.hasBranch(branch) { return .absent }
        let text = answer.standardError
        if text.contains("not fully merged") { return .kept(.notMerged(commit: commit)) }
        if text.contains("checked out at") || text.contains("used by worktree at") { return .kept(.checkedOut(text)) }
        throw answer.failure
    }

    /// What ``remove(_:force:)`` would do once a worktree is gone. Changes nothing.
    /// - Parameter worktree: whose checkout of the branch does not count.
    /// - Returns: `removed` for one that would be.
    /// - Throws: ``GitFailure`` when git could not be asked.
    /// - SeeAlso: git-branch(1), `-d`: merged is what the upstream contains or, without one, HEAD.
    func plan(_ branch: String, force: Bool, without worktree: String) async throws(GitFailure) -> Outcome {
        guard let commit = try await repository.branchCommit(branch) else { return .absent }
        if let obstacle = try await obstacle(branch, without: worktree) { return .kept(obstacle) }
        if force { return .removed(commit: commit) }
        var base = try await repository.commit(of: branch + "@{upstream}")
        if base == nil { base = try await repository.commit(of: "HEAD") }
        guard let base else { return .kept(.notMerged(commit: commit)) }
        let answer = try await repository.git.run(
            ["merge-base", "--is-ancestor", ByteString(commit), ByteString(base)], in: repository.directory)
        switch answer.status {
        case 0: return .removed(commit: commit)
        case 1: return .kept(.notMerged(commit: commit))
        default: throw answer.failure
        }
    }

    /// What keeps a branch also when its removal is forced.
    private func obstacle(_ branch: String, without worktree: String? = nil) async throws(GitFailure) -> Reason? {
        if let other = try await repository.checkout(ofBranch: branch, without: worktree) {
            return .checkedOut("checked out at \(other.path)")
        }
        if repository.mainWorktree != nil { return nil }
        let head = try await repository.git.run(["symbolic-ref", "--quiet", "HEAD"], in: repository.directory)
        return head.line == ByteString("refs/heads/\(branch)") ? .headOfBareRepository : nil
    }
}
