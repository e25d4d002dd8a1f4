/// Whether commits stay reachable when a worktree goes.
struct HeadReference: Sendable {
    /// Asks the worktree's repository.
    let question: GitQuestion

    /// Refs that belong to one worktree and go with it.
    /// - SeeAlso: git-worktree(1), "Refs"
    private static let ofWorktree = ["refs/bisect/", "refs/worktree/", "refs/rewritten/"]

    /// Whether HEAD is on no branch, and no ref that stays contains its commit.
    ///
    /// HEAD can be on a ref that is no branch (`git symbolic-ref HEAD refs/worktree/wip`). It is no better than a detached one then.
    func isLost(_ head: String) async throws(PreflightDoubt) -> Bool {
        let branch = try await question.ask(["symbolic-ref", "--quiet", "HEAD"])
        if branch.status == 0, branch.line.bytes.starts(with: "refs/heads/".utf8) { return false }
        let answer = try await question.demand(
            ["for-each-ref", "--format=%(refname)", ByteString("--contains=\(head)")])
        return !String(decoding: answer.standardOutput, as: UTF8.self).split(separator: "\n").contains { name in
            !Self.ofWorktree.contains { name.hasPrefix($0) }
        }
    }

    /// A commit that only refs of the worktree have, nil when there is none.
    /// - Parameter head: HEAD's commit, which is asked for by itself.
    func lostCommit(besides head: String?) async throws(PreflightDoubt) -> String? {
        // Mostly there is no such ref. All others are looked at only where there is one.
        let refs = try await question.demand(["for-each-ref", "--count=1"] + Self.ofWorktree.map { ByteString($0) })
        if refs.standardOutput.isEmpty { return nil }
        let going: [ByteString] = Self.ofWorktree.map { ByteString("--glob=\($0)*") }
        let known: [ByteString] = head.map { [ByteString($0)] } ?? []
        let passedOver: [ByteString] = ["--exclude=HEAD"] + Self.ofWorktree.map { ByteString("--exclude=\($0)*") }
        let answer = try await question.demand(
            ["rev-list", "--max-count=1"] + going + ["--not"] + known + passedOver + ["--all", "--"])
        return answer.standardOutput.isEmpty ? nil : answer.line.description
    }
}
