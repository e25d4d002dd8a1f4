import CgroupPty

/// Asks the file system, off the threads of Swift's pool and until one deadline for all: a disk that is gone answers never.
struct DiskQuestion: Sendable {
    private static let executor = BlockingExecutor(label: "corral.worktree")

    /// When the whole look is given up.
    let deadline: Deadline

    /// Asks, and takes a failure of the kernel for no answer.
    /// - Parameter what: Named in the doubt when there is no answer in time.
    func ask<Answer: Sendable>(
        _ what: @autoclosure () -> String, _ body: @escaping @Sendable () throws(SystemCallFailure) -> Answer
    ) async throws(PreflightDoubt) -> Answer {
        let answer = await Self.executor.run(until: deadline) { () -> Result<Answer, SystemCallFailure> in
            do throws(SystemCallFailure) { return .success(try body()) } catch { return .failure(error) }
        }
        switch answer {
        case .success(let answer): return answer
        case .failure(let failure): throw PreflightDoubt(why: failure.description)
        case nil: throw PreflightDoubt(why: "\(what()): no answer in time")
        }
    }
}
