import CgroupPty

/// Why a look at a worktree gave no answer: what was asked, and what came back.
struct Doubt: Error, Sendable, Equatable {
    /// For people.
    let why: String
}

extension Doubt {
    /// Turns a failure of the kernel into a doubt.
    static func about<Answer>(
        _ body: () throws(SystemCallFailure) -> Answer
    ) throws(Doubt) -> Answer {
        do throws(SystemCallFailure) { return try body() } catch { throw Doubt(why: error.description) }
    }
}
