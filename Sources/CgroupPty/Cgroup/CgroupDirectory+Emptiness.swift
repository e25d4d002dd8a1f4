import Glibc

extension CgroupDirectory {
    /// How a wait for the last process ended.
    public enum Emptiness: Sendable, Equatable {
        /// `populated 0`.
        case empty
        /// The cgroup was removed, which the kernel allows only when it is empty.
        case gone
        /// The deadline passed, or the task was cancelled or the monitor stopped, with a process still inside.
        case stillPopulated
    }

    /// Waits until no process is left in this cgroup or below it.
    ///
    /// Watches `populated` in `cgroup.events` by POLLPRI, and reads it again every quarter of a second all the same: the
    /// removal of the directory raises no event. A scope that systemd calls dead can still hold processes.
    /// - Parameter deadline: Passing it is an outcome, not a failure.
    /// - Throws: ``SystemCallFailure`` from `open`, `read` or `epoll_ctl`; then nothing is known (I3).
    /// - Postcondition: `.empty` stays true only while nobody moves a process in (I6).
    /// - SeeAlso: cgroup-v2.rst "cgroup.events"; systemd v252 src/core/scope.c, scope_dispatch_timer
    public func waitUntilEmpty(
        _ monitor: ReadinessMonitor, until deadline: Deadline
    ) async throws(SystemCallFailure) -> Emptiness {
        guard let events = try openEvents() else { return .gone }
        var isCancelled = false
        while true {
            switch try read(events) {
            case nil: return .gone
            case false: return .empty
            case true: break
            }
            if deadline.hasPassed || isCancelled { return .stillPopulated }
            let next = min(deadline, Deadline.after(.milliseconds(250)))
            isCancelled = try await monitor.wait(for: events, .priority, until: next) == .cancelled
        }
    }

    private func read(_ events: borrowing OwnedFileDescriptor) throws(SystemCallFailure) -> Bool? {
        var bytes = [UInt8](repeating: 0, count: 256)
        do throws(SystemCallFailure) {
            let count = try retryingInterrupted("pread", "\(path)/cgroup.events") {
                events.withRawValue { pread($0, &bytes, bytes.count, 0) }
            }
            guard let events = Events(Array(bytes[0..<count])) else {
                throw SystemCallFailure(call: "read", subject: "\(path)/cgroup.events", errno: EBADMSG)
            }
            return events.isPopulated
        } catch {
            if error.errno == ENODEV || error.errno == ENOENT { return nil }
            throw error
        }
    }
}
