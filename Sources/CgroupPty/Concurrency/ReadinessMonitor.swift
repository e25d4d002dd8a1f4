internal import CSystemd
import Glibc

/// Waits for descriptors to become ready, any number of them, on one thread of its own.
///
/// This is how Corral waits for the end of a process (a pidfd becomes readable) and for a change of `populated`
/// (`cgroup.events` raises POLLPRI) without a thread for each and without inotify's limit on instances. Each wait holds a
/// duplicate of the descriptor, so the owner may close its own at any time, and is keyed by a number that is never used
/// again, so a late event cannot reach a stranger's wait.
///
/// See: epoll(7); cgroup-v2.rst "[Un]populated Notification"
public final class ReadinessMonitor: Sendable {
    /// What to wait for.
    public enum Event: Sendable {
        /// Something can be read, or the other end is gone.
        case readable
        /// `POLLPRI`: the content of a `cgroup.events` file has changed since it was read last.
        case priority
        /// The other end is gone; for a pidfd: the process was reaped, by whoever reaps it (Linux 6.9).
        case hangup

        var watch: CInt {
            switch self {
            case .readable: CInt(CORRAL_WATCH_INPUT)
            case .priority: CInt(CORRAL_WATCH_PRIORITY)
            case .hangup: CInt(CORRAL_WATCH_HANGUP)
            }
        }
    }

    /// How a wait ended.
    public enum Readiness: Sendable, Equatable {
        case ready
        case deadlinePassed
        case cancelled
    }

    private struct Wait {
        let descriptor: CInt
        let continuation: CheckedContinuation<Readiness, Never>
    }

    private struct State {
        var waits: [UInt64: Wait] = [:]
        var deadlines: [UInt64: Deadline] = [:]
        var cancelled: Set<UInt64> = []
        var nextKey: UInt64 = 1
        var isStopped = false
    }

    private let epoll: OwnedFileDescriptor
    private let wakeup: OwnedFileDescriptor
    private let state = Locked(State())

    /// Starts the thread.
    /// - Throws: ``SystemCallFailure`` from `epoll_create1` or `eventfd`: the process is out of descriptors.
    public init() throws(SystemCallFailure) {
        epoll = OwnedFileDescriptor(adopting: try Self.checked("epoll_create1", corral_epoll_create()))
        wakeup = OwnedFileDescriptor(adopting: try Self.checked("eventfd", corral_eventfd()))
        try epoll.withRawValue { epoll throws(SystemCallFailure) in
            try wakeup.withRawValue { raw throws(SystemCallFailure) in
                _ = try Self.checked("epoll_ctl", corral_epoll_add(epoll, raw, 0, Event.readable.watch, 0))
            }
        }
        let thread = Unmanaged.passRetained(self)
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ReadinessMonitor>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, thread.toOpaque())
        guard code == 0 else {
            thread.release()
            throw SystemCallFailure(call: "pthread_create", subject: "readiness monitor", errno: code)
        }
        pthread_detach(id)
    }

    /// Ends the thread; every wait returns `.cancelled`, also those made later.
    public func stop() {
        let left = state.withLock { state in
            state.isStopped = true
            defer { state.waits = [:] }
            return Array(state.waits.values)
        }
        for wait in left { finish(wait, .cancelled) }
        wake()
    }

    /// Waits until the descriptor is ready.
    ///
    /// Level-triggered: a descriptor that is ready already returns at once. `priority` fires once for each change that the
    /// reader has not read yet, so read the file first, decide, then wait.
    /// - Parameter deadline: when to give up; nil only for an end that is watched for as long as the thing lives.
    /// - Throws: ``SystemCallFailure`` from `fcntl` or `epoll_ctl`: out of descriptors, or `ENOMEM`.
    public func wait(
        for descriptor: borrowing OwnedFileDescriptor, _ event: Event, until deadline: Deadline?
    ) async throws(SystemCallFailure) -> Readiness {
        let duplicate = try descriptor.duplicate()
        let raw = duplicate.release()
        let key = state.withLock { state in
            defer { state.nextKey += 1 }
            return state.nextKey
        }
        let refusal = Locked<SystemCallFailure?>(nil)
        let readiness = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Readiness, Never>) in
                start(key, Wait(descriptor: raw, continuation: continuation), event, deadline, refusal)
            }
        } onCancel: {
            cancel(key)
        }
        // A cancellation that came after the end has left its mark.
        state.withLock { _ = $0.cancelled.remove(key) }
        if let failure = refusal.withLock({ $0 }) { throw failure }
        return readiness
    }

    private func start(
        _ key: UInt64, _ wait: Wait, _ event: Event, _ deadline: Deadline?, _ refusal: Locked<SystemCallFailure?>
    ) {
        // Under the lock: whoever ends this wait closes the descriptor, and its number may be somebody else's a moment later.
        let added = state.withLock { state -> CInt? in
            if state.isStopped || state.cancelled.remove(key) != nil { return nil }
            let added = epoll.withRawValue { corral_epoll_add($0, wait.descriptor, key, event.watch, 1) }
            guard added >= 0 else { return added }
            state.waits[key] = wait
            if let deadline { state.deadlines[key] = deadline }
            return added
        }
        guard let added, added >= 0 else {
            if let added {
                refusal.withLock { $0 = SystemCallFailure(call: "epoll_ctl", subject: "descriptor", errno: -added) }
            }
            return finish(wait, .cancelled)
        }
        if deadline != nil { wake() }
    }

    private func cancel(_ key: UInt64) {
        let wait = state.withLock { state -> Wait? in
            state.deadlines[key] = nil
            if let wait = state.waits.removeValue(forKey: key) { return wait }
            // Either it has just ended, or its start is still to come and must find this mark.
            state.cancelled.insert(key)
            return nil
        }
        if let wait { finish(wait, .cancelled) }
    }

    private func take(_ key: UInt64) -> Wait? {
        state.withLock { state in
            state.deadlines[key] = nil
            return state.waits.removeValue(forKey: key)
        }
    }

    private func finish(_ wait: Wait, _ readiness: Readiness) {
        // Closing the only duplicate takes it out of epoll only when no other descriptor shares the open file: take it out.
        _ = epoll.withRawValue { corral_epoll_remove($0, wait.descriptor) }
        _ = OwnedFileDescriptor(adopting: wait.descriptor)
        wait.continuation.resume(returning: readiness)
    }

    private func wake() {
        var one: UInt64 = 1
        _ = wakeup.withRawValue { write($0, &one, 8) }
    }

    private func run() {
        corral_name_thread("readiness")
        var keys = [UInt64](repeating: 0, count: 64)
        while true {
            // What is late now was watched already when the kernel is asked: a descriptor that is ready wins over its deadline.
            let now = Deadline.now
            let (nearest, late, isStopped) = state.withLock { state in
                (state.deadlines.values.min(), state.deadlines.filter { $0.value <= now }.keys, state.isStopped)
            }
            if isStopped { return }
            var timeout: CInt = -1
            if let nearest {
                let left = nearest.remaining.components
                timeout = CInt(
                    min(60_000, left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
            }
            let count = epoll.withRawValue { corral_epoll_wait($0, &keys, timeout) }
            for key in keys.prefix(Int(max(0, count))) {
                if key == 0 {
                    var drained: UInt64 = 0
                    _ = wakeup.withRawValue { read($0, &drained, 8) }
                } else if let wait = take(key) {
                    finish(wait, .ready)
                }
            }
            // A full batch may have left ready ones out: they are asked for once more.
            for key in late where count < 64 {
                if let wait = take(key) { finish(wait, .deadlinePassed) }
            }
        }
    }

    private static func checked(_ call: String, _ answer: CInt) throws(SystemCallFailure) -> CInt {
        guard answer >= 0 else { throw SystemCallFailure(call: call, subject: "readiness monitor", errno: -answer) }
        return answer
    }
}
