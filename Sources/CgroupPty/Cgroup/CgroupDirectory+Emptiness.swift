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

    /// How a wait for what `cgroup.events` says ended.
    public enum Change: Sendable, Equatable {
        /// It says so.
        case reached(Events)
        /// The cgroup was removed.
        case gone
        /// The deadline passed, or the task was cancelled or the monitor stopped, before it said so.
        case notReached
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
        switch try await wait(monitor, until: deadline, { !$0.isPopulated }) {
        case .reached: .empty
        case .gone: .gone
        case .notReached: .stillPopulated
        }
    }

    /// Waits until `cgroup.events` says something. See ``waitUntilEmpty(_:until:)``.
    /// - Parameter interval: How often it is read even without an event, to see that the cgroup was removed.
    public func wait(
        _ monitor: ReadinessMonitor, until deadline: Deadline, lookingEvery interval: Duration = .milliseconds(250),
        _ isSo: (Events) -> Bool
    ) async throws(SystemCallFailure) -> Change {
        guard let file = try openEvents() else { return .gone }
        var isCancelled = false
        while true {
            guard let events = try read(file) else { return .gone }
            if isSo(events) { return .reached(events) }
            if deadline.hasPassed || isCancelled { return .notReached }
            let next = min(deadline, Deadline.after(interval))
            isCancelled = try await monitor.wait(for: file, .priority, until: next) == .cancelled
        }
    }

    private func read(_ events: borrowing OwnedFileDescriptor) throws(SystemCallFailure) -> Events? {
        var bytes = [UInt8](repeating: 0, count: 256)
        do throws(SystemCallFailure) {
            let count = try retryingInterrupted("pread", "\(path)/cgroup.events") {
                events.withRawValue { pread($0, &bytes, bytes.count, 0) }
            }
            guard let events = Events(Array(bytes[0..<count])) else {
                throw SystemCallFailure(call: "read", subject: "\(path)/cgroup.events", errno: EBADMSG)
            }
            return events
        } catch {
            if error.errno == ENODEV || error.errno == ENOENT { return nil }
            throw error
        }
    }
}
