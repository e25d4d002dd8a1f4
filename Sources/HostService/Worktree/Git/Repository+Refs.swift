import CgroupPty

extension Repository {
    /// Where git runs for the repository as a whole.
    var directory: ByteString { ByteString(path) }

    /// The worktrees that git has registered, the main one first.
    func worktrees() async throws(GitFailure) -> [RegisteredWorktree] {
        try await Self.worktrees(of: directory, git)
    }

    /// The worktrees that git has registered, as seen from a directory.
    ///
    /// git ends with a failure when it comes upon a registration that somebody is just writing. That takes no time, so it is asked
    /// again.
    static func worktrees(
        of directory: ByteString, _ git: GitCommand
    ) async throws(GitFailure) -> [RegisteredWorktree] {
        let question: [ByteString] = ["worktree", "list", "--porcelain", "-z"]
        var listing = try await git.run(question, in: directory)
        for _ in 0..<2 where listing.status != 0 { listing = try await git.run(question, in: directory) }
        return RegisteredWorktree.parse(try listing.requireSuccess().fields)
    }

    /// Whether git takes the name for a new branch: no `-` in front, no `..`, nothing that stands for another branch.
    /// - SeeAlso: git-check-ref-format(1), `--branch`
    func isValidBranchName(_ name: String) async throws(GitFailure) -> Bool {
        let name = ByteString(name)
        if name.containsNUL { return false }
        let answer = try await git.run(["check-ref-format", "--branch", name], in: directory)
        // `@{-1}` is answered with the branch that it stands for.
        return answer.status == 0 && answer.line == name
    }

    /// Whether the branch exists in this repository, not only at a remote.
    func hasBranch(_ name: String) async throws(GitFailure) -> Bool {
        try await branchCommit(name) != nil
    }

    /// The commit that a branch names, nil when there is no such branch.
    func branchCommit(_ name: String) async throws(GitFailure) -> String? {
        try await commit(of: "refs/heads/\(name)")
    }

    /// The commit that a branch, tag, remote branch or commit id names, nil when nothing of the name is a commit.
    func commit(of name: String) async throws(GitFailure) -> String? {
        let revision = ByteString(name)
        if revision.containsNUL { return nil }
        let answer = try await git.run(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"], in: directory)
        return answer.status == 0 ? answer.line.text : nil
    }

    /// Where a branch is checked out, nil when it is nowhere.
    /// - Parameter path: a worktree that does not count.
    func checkout(
        ofBranch name: String, without path: String? = nil
    ) async throws(GitFailure) -> RegisteredWorktree? {
        let (branch, path) = (ByteString(name), path.map { ByteString($0) })
        return try await worktrees().first { $0.branch == branch && $0.path != path }
    }
}
