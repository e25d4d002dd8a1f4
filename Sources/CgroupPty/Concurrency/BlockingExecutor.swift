import Dispatch

/// Runs calls that can block (procfs of a process that is being torn down, a big directory) off the threads of Swift's pool.
///
/// A read past its deadline answers nil, which a caller must treat as unknown (I3): the work goes on in its own thread and
/// its late answer is dropped, since a blocked system call cannot be taken back.
///
/// Each call has a serial queue of its own. A concurrent queue would share as many threads as the machine has processors
/// with all others of its kind: two blocked calls would keep everybody else waiting, the deadlines too.
public struct BlockingExecutor: Sendable {
    private let label: String
    /// Where deadlines pass; nothing on it blocks.
    private let timers: DispatchQueue

    /// Makes an executor whose work runs concurrently, under a name for debuggers.
    public init(label: String) {
        self.label = label
        timers = DispatchQueue(label: label + ".deadlines")
    }

    /// Runs `body` and waits for it without a limit of its own.
    public func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: label).async { continuation.resume(returning: body()) }
        }
    }

    /// Runs `body` and waits for it until the deadline; nil when it has passed.
    public func run<Result: Sendable>(
        until deadline: Deadline, _ body: @escaping @Sendable () -> Result
    ) async -> Result? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result?, Never>) in
            let waiting = Locked<CheckedContinuation<Result?, Never>?>(continuation)
            DispatchQueue(label: label).async {
                let result = body()
                waiting.withLock { $0.take() }?.resume(returning: result)
            }
            let (seconds, attoseconds) = deadline.remaining.components
            let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
            timers.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
                waiting.withLock { $0.take() }?.resume(returning: nil)
            }
        }
    }

    /// Runs `body` on both halves of a list at the same time. Where nearly all of the work is the kernel's, that takes little more than
    /// half of the time.
    /// - Returns: what came of the first half and of the second; nil when the deadline has passed.
    public func runInHalves<Element: Sendable, Result: Sendable>(
        of list: [Element], until deadline: Deadline, _ body: @escaping @Sendable (ArraySlice<Element>) -> Result
    ) async -> (Result, Result)? {
        let half = list.count / 2
        async let first = run(until: deadline) { body(list[..<half]) }
        async let second = run(until: deadline) { body(list[half...]) }
        guard let first = await first, let second = await second else { return nil }
        return (first, second)
    }
}
