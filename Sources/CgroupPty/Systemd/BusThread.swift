internal import CSystemd
import Glibc

/// The one thread that touches an `sd_bus` connection: it runs the actor's jobs and the connection's traffic in turn.
///
/// libsystemd's objects are not thread-safe, so ``SystemdManager`` runs on this executor and nowhere else.
/// See: sd_bus_process(3), sd_bus_get_fd(3)
final class BusThread: SerialExecutor, @unchecked Sendable {
    private struct Queue {
        var jobs: [UnownedJob] = []
        var isStopped = false
        var thread: pthread_t?
    }

    private let queue = Locked(Queue())
    private let wakeup: OwnedFileDescriptor
    /// The connection; touched only on the thread, which closes it when it ends.
    nonisolated(unsafe) var bus: OpaquePointer?
    /// Called on the thread when the connection breaks, with a negative errno.
    nonisolated(unsafe) var onDisconnect: ((CInt) -> Void)?
    /// Called on the thread for each `JobRemoved`, with the job's path and its result. The connection's callback gets this
    /// object, which lives as long as the thread, and not the manager, which its last user may let go of at any time.
    nonisolated(unsafe) var onJobRemoved: ((String, String) -> Void)?

    /// Starts the thread.
    init() throws(SystemCallFailure) {
        let raw = corral_eventfd()
        guard raw >= 0 else { throw SystemCallFailure(call: "eventfd", subject: "bus thread", errno: -raw) }
        wakeup = OwnedFileDescriptor(adopting: raw)
        let retained = Unmanaged.passRetained(self)
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<BusThread>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw SystemCallFailure(call: "pthread_create", subject: "bus thread", errno: code)
        }
        pthread_detach(id)
    }

    /// Ends the thread once the jobs that are queued now have run.
    func stop() {
        queue.withLock { $0.isStopped = true }
        wake()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.withLock { $0.jobs.append(job) }
        wake()
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    func checkIsolated() {
        let isHere = queue.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
        precondition(isHere, "sd_bus was touched outside its thread")
    }

    private func wake() {
        var one: UInt64 = 1
        _ = wakeup.withRawValue { write($0, &one, 8) }
    }

    private func run() {
        corral_name_thread("sd-bus")
        queue.withLock { $0.thread = pthread_self() }
        while true {
            let (jobs, isStopped) = queue.withLock { queue in
                defer { queue.jobs.removeAll(keepingCapacity: true) }
                return (queue.jobs, queue.isStopped)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if isStopped && jobs.isEmpty {
                if let bus { sd_bus_close_unref(bus) }
                return
            }
            process()
            if queue.withLock({ $0.jobs.isEmpty && !$0.isStopped }) { sleepUntilReady() }
        }
    }

    private func process() {
        guard let bus else { return }
        var answer: CInt = 1
        while answer > 0 { answer = sd_bus_process(bus, nil) }
        if answer < 0 { onDisconnect?(answer) }
    }

    private func sleepUntilReady() {
        var requests = [wakeup.withRawValue { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }]
        var timeout: CInt = -1
        if let bus {
            let events = sd_bus_get_events(bus)
            let descriptor = sd_bus_get_fd(bus)
            guard events >= 0, descriptor >= 0 else {
                onDisconnect?(min(events, descriptor))
                return
            }
            requests.append(pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0))
            var until: UInt64 = .max  // microseconds of CLOCK_MONOTONIC
            if sd_bus_get_timeout(bus, &until) > 0, until != .max {
                var time = timespec()
                clock_gettime(CLOCK_MONOTONIC, &time)
                let now = UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
                timeout = until <= now ? 0 : CInt(min((until - now + 999) / 1000, 60_000))
            }
        }
        _ = poll(&requests, nfds_t(requests.count), timeout)
        if requests[0].revents != 0 {
            var drained: UInt64 = 0
            _ = wakeup.withRawValue { read($0, &drained, 8) }
        }
    }
}
