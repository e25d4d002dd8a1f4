/// Whether a commit stays reachable when a worktree goes.
struct HeadReference: Sendable {
    /// Asks the worktree's repository.
    let question: GitQuestion

    /// Refs that belong to one worktree and go with it.
    /// - SeeAlso: git-worktree(1), "Refs"
    private static let ofWorktree = ["refs/bisect/", "refs/worktree/", "refs/rewritten/"]

    /// Whether a ref that stays contains the commit.
    func isContained(_ commit: String) async throws(PreflightDoubt) -> Bool {
        let answer = try await question.demand(
            ["for-each-ref", "--format=%(refname)", ByteString("--contains=\(commit)")])
        return String(decoding: answer.standardOutput, as: UTF8.self).split(separator: "\n").contains { name in
            !Self.ofWorktree.contains { name.hasPrefix($0) }
        }
    }
}
