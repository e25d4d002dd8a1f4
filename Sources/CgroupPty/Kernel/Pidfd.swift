internal import CSystemd
import Glibc

/// A process, pinned: as long as this is held, its number cannot come to mean another process here (I1).
///
/// See: pidfd_open(2), pidfd_send_signal(2)
public final class Pidfd: Sendable {
    /// What a signal came to.
    public enum SignalOutcome: Sendable, Equatable {
        case sent
        /// The process has exited and was reaped.
        case gone
    }

    /// How a process ended.
    public enum ExitStatus: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
        /// It has ended; how cannot be learnt: somebody else reaped it and the kernel is older than 6.15.
        case notKnown
    }

    /// The number, to show and to look up in procfs while the process is pinned.
    public let pid: ProcessID
    let descriptor: OwnedFileDescriptor

    /// Takes over a pidfd, for instance of `clone3`.
    public init(adopting raw: CInt, pid: ProcessID) {
        descriptor = OwnedFileDescriptor(adopting: raw)
        self.pid = pid
    }

    /// Pins the process that now has this number, whichever it is.
    /// - Returns: nil when there is none.
    /// - Throws: ``SystemCallFailure`` other than `ESRCH`. `EINVAL`: the number is a thread's.
    public static func open(_ pid: ProcessID) throws(SystemCallFailure) -> Pidfd? {
        let raw = corral_pidfd_open(pid.rawValue)
        if raw == -ESRCH { return nil }
        guard raw >= 0 else { throw SystemCallFailure(call: "pidfd_open", subject: "process \(pid)", errno: -raw) }
        return Pidfd(adopting: raw, pid: pid)
    }

    /// Pins exactly the process that was seen before: opens its number, then compares the start time on the pinned process.
    /// - Returns: nil when that process is gone, whoever has its number now.
    public static func open(_ identity: ProcessIdentity, in procfs: Procfs) throws(SystemCallFailure) -> Pidfd? {
        guard let pidfd = try open(identity.pid) else { return nil }
        guard let stat = try procfs.stat(identity.pid), stat.startTicks == identity.startTicks else { return nil }
        return pidfd
    }

    /// Whether a pidfd that came from elsewhere pins exactly the process that was seen before.
    ///
    /// The kernel says which number the pinned process has, -1 once it was reaped: such a one can no longer be compared, and is
    /// taken for the one that it was pinned as.
    /// See: proc_pid_fdinfo(5), `Pid`
    func pins(_ identity: ProcessIdentity, in procfs: Procfs) throws(SystemCallFailure) -> Bool {
        let path = descriptor.withRawValue { "/proc/self/fdinfo/\($0)" }
        let text = String(
            decoding: try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path), as: UTF8.self)
        let line = text.split(separator: "\n" as Character).first { $0.hasPrefix("Pid:") }
        guard let number = line.flatMap({ Int32($0.dropFirst(4).filter { !$0.isWhitespace }) }) else { return false }
        if number == -1 { return true }
        guard number == identity.pid.rawValue else { return false }
        guard let stat = try procfs.stat(identity.pid) else { return true }
        return stat.startTicks == identity.startTicks
    }

    /// Sends a signal to the pinned process and to no other.
    /// - Throws: ``SystemCallFailure``, `EPERM` when the process belongs to somebody else.
    @discardableResult
    public func signal(_ number: CInt) throws(SystemCallFailure) -> SignalOutcome {
        let answer = descriptor.withRawValue { corral_pidfd_send_signal($0, number) }
        if answer == -ESRCH { return .gone }
        if answer < 0 { throw SystemCallFailure(call: "pidfd_send_signal", subject: "process \(pid)", errno: -answer) }
        return .sent
    }

    /// Whether the process has exited, reaped or not.
    ///
    /// See: pidfd_open(2): a pidfd is readable once its process has exited.
    public func hasExited() throws(SystemCallFailure) -> Bool {
        try retryingInterrupted("poll", "process \(pid)") {
            descriptor.withRawValue { raw in
                var request = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
                return poll(&request, 1, 0)
            }
        } > 0
    }

    /// Waits until the process has exited.
    /// - Returns: true once it has; false when the deadline passed or the task was cancelled.
    public func waitForExit(
        _ monitor: ReadinessMonitor, until deadline: Deadline?
    ) async throws(SystemCallFailure) -> Bool {
        // Mostly it is asked of those that have just been ended: a look costs a tenth of a wait.
        if try hasExited() { return true }
        return try await monitor.wait(for: descriptor, .readable, until: deadline) == .ready
    }

    /// Collects the process if it is our child, and tells how it ended; asks the kernel if somebody else has reaped it.
    ///
    /// - Returns: nil while it runs; also while it is dead, somebody else's child and not yet reaped: only then the kernel tells.
    ///   ``exitStatus(_:until:)`` waits for that.
    /// See: waitid(2); linux/pidfd.h, PIDFD_INFO_EXIT
    public func exitStatus() throws(SystemCallFailure) -> ExitStatus? {
        var code: CInt = 0
        var status: CInt = 0
        let answer = descriptor.withRawValue { corral_pidfd_reap($0, &code, &status) }
        switch answer {
        case 1: return code == CInt(CLD_EXITED) ? .code(status) : .signal(status)
        case 0: return nil
        case -ECHILD:
            guard try hasExited() else { return nil }
            let known = descriptor.withRawValue { corral_pidfd_exit_status($0, &status) }
            guard known != 0 else { return nil }
            guard known == 1 else { return .notKnown }
            return status & 0x7f == 0 ? .code((status >> 8) & 0xff) : .signal(status & 0x7f)
        default: throw SystemCallFailure(call: "waitid", subject: "process \(pid)", errno: -answer)
        }
    }

    /// Waits until the process has exited and its status can be had: at once for our child, else when it was reaped.
    /// - Returns: nil when the deadline passed or the task was cancelled before.
    public func exitStatus(
        _ monitor: ReadinessMonitor, until deadline: Deadline
    ) async throws(SystemCallFailure) -> ExitStatus? {
        guard try await waitForExit(monitor, until: deadline) else { return nil }
        if let status = try exitStatus() { return status }
        _ = try await monitor.wait(for: descriptor, .hangup, until: deadline)
        return try exitStatus()
    }
}
