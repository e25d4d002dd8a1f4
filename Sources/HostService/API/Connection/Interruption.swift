import CgroupPty

/// Ends what a client merely waits for, when it goes away or the service stops.
///
/// Only for requests that change nothing: what changes something goes on without its client (I7). A client that closes just its
/// sending half still reads the answer, and is not gone.
final class Interruption: Sendable {
    private struct State {
        var isOver = false
        /// Cancels the request that is under way.
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Locked(State())

    /// The client has gone, or the service stops: what is under way and all that comes is cancelled.
    func interrupt() {
        let cancel = state.withLock { state in
            state.isOver = true
            return state.cancel.take()
        }
        cancel?()
    }

    /// Runs one request until it is done or interrupted.
    /// - Throws: what the body throws; `CancellationError` where it ends for the interruption.
    func run<Answer: Sendable>(_ body: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
        let task = Task { try await body() }
        let isOver = state.withLock { state in
            if !state.isOver { state.cancel = { task.cancel() } }
            return state.isOver
        }
        if isOver { task.cancel() }
        defer { state.withLock { $0.cancel = nil } }
        return try await task.value
    }
}
