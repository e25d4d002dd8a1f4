/// A value that is settled once, by whoever comes first, and that one task may wait for, before or after.
///
/// For an answer that comes by a callback which may be earlier than the one who waits for it.
public final class Settlement<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case settled(Value)
    }

    private let state = Locked(State.open)

    /// Makes one that is open.
    public init() {}

    /// Settles it. Any later value is dropped.
    public func settle(_ value: Value) {
        let waiting = state.withLock { state -> CheckedContinuation<Value, Never>? in
            if case .settled = state { return nil }
            defer { state = .settled(value) }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(returning: value)
    }

    /// Waits until it is settled. For one task, once.
    public func value() async -> Value {
        await withCheckedContinuation { continuation in
            let settled = state.withLock { state -> Value? in
                if case .settled(let value) = state { return value }
                state = .awaited(continuation)
                return nil
            }
            if let settled { continuation.resume(returning: settled) }
        }
    }
}
