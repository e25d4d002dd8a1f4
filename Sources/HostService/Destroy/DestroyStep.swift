/// The steps of a delete after its tombstone, in their order. Each is recorded before it acts, and can be repeated (I7).
enum DestroyStep: String, CaseIterable, Sendable, Comparable {
    /// The workspace's own script, while everything still runs.
    case teardown
    /// Everything in the slice ends.
    case stop
    /// What left the slice is looked for.
    case escapes
    /// The check for work that would be lost, again, now that nothing writes.
    case recheck
    /// The worktree is moved aside, git forgets it, and its deletion begins.
    case worktree
    case branch
    /// Rows are pruned and the receipt is finished.
    case finish

    /// Earlier steps are less.
    static func < (left: DestroyStep, right: DestroyStep) -> Bool { left.position < right.position }

    private var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
