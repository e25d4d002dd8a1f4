/// Wakes one task, from any thread, as often as there is something to look at.
///
/// Rings while the task is awake are kept as one, so that none is lost between its look and its sleep.
public final class Bell: Sendable {
    private struct State {
        var isRung = false
        var sleeper: CheckedContinuation<Bool, Never>?
    }

    private let state = Locked(State())

    /// Makes one that is silent.
    public init() {}

    /// Wakes the task that sleeps, or the next that will.
    public func ring() {
        let sleeper = state.withLock { state in
            state.isRung = state.sleeper == nil
            return state.sleeper.take()
        }
        sleeper?.resume(returning: true)
    }

    /// Sleeps until it rings, the moment has come, or the task is cancelled. For one task at a time.
    /// - Returns: whether it rang. A sleeper that is woken by anything looks for itself whether the moment has come.
    public func wait(until deadline: Deadline) async -> Bool {
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            wake()
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.isRung {
                        state.isRung = false
                        return true
                    }
                    // Cancelled before this: nobody would wake it any more.
                    if Task.isCancelled { return false }
                    state.sleeper = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            wake()
        }
    }

    private func wake() { state.withLock { $0.sleeper.take() }?.resume(returning: false) }
}
