/// Why a look at a worktree gave no answer: what was asked, and what came back.
struct PreflightDoubt: Error, Sendable, Equatable {
    /// For people.
    let why: String
}
