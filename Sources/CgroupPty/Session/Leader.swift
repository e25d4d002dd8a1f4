internal import CSystemd
import Glibc

/// The first process of a session: session leader, owner of the terminal, parked until it may execute its command.
///
/// Nothing of the command runs before ``release(_:until:)``. When this object goes away before, also because the service is
/// killed, the barrier closes and the process exits by itself with status 125.
public final class Leader: Sendable {
    /// What the leader becomes.
    public struct Command: Sendable {
        /// Absolute path of the executable.
        public var path: String
        /// The arguments, the name first.
        public var arguments: [String]
        /// `NAME=value` each.
        public var environment: [String]
        /// Absolute path.
        public var directory: String

        /// Makes a command from its parts.
        public init(path: String, arguments: [String], environment: [String], directory: String) {
            self.path = path
            self.arguments = arguments
            self.environment = environment
            self.directory = directory
        }
    }

    /// What came of letting the leader go.
    public enum ReleaseOutcome: Sendable, Equatable {
        case executed
        /// The command could not be executed; the process exits with 127.
        case failed(SystemCallFailure)
        /// No answer before the deadline: nothing is known about it.
        case noAnswer
    }

    /// Pins the process.
    public let pidfd: Pidfd
    /// By which it can be recognised later in this boot.
    public let identity: ProcessIdentity
    private let command: Command
    private let barrier: Locked<CInt>
    private let report: OwnedFileDescriptor

    /// Starts the process and parks it. It is our child: ``Pidfd/exitStatus()`` must collect it.
    /// - Parameter slave: lent; the leader holds its own copies.
    /// - Throws: ``SystemCallFailure`` from `clone3`, `pipe2` or reading its start time; then no process is left.
    public init(
        _ command: Command, terminal slave: borrowing OwnedFileDescriptor, procfs: Procfs
    ) throws(SystemCallFailure) {
        var arguments: [UnsafeMutablePointer<CChar>?] = command.arguments.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = command.environment.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var started = corral_leader()
        let answer = slave.withRawValue { terminal in
            command.path.withCString { path in
                command.directory.withCString { directory in
                    arguments.withUnsafeMutableBufferPointer { arguments in
                        environment.withUnsafeMutableBufferPointer { environment in
                            var request = corral_leader_request(
                                path: path, arguments: arguments.baseAddress, environment: environment.baseAddress,
                                directory: directory, terminal: terminal)
                            return corral_leader_start(&request, &started)
                        }
                    }
                }
            }
        }
        guard answer >= 0 else { throw SystemCallFailure(call: "clone3", subject: command.path, errno: -answer) }
        self.command = command
        pidfd = Pidfd(adopting: started.pidfd, pid: ProcessID(started.pid))
        report = OwnedFileDescriptor(adopting: started.report)
        barrier = Locked(started.barrier)
        guard let stat = try Self.stat(of: pidfd.pid, procfs, closing: barrier) else {
            throw SystemCallFailure(call: "read", subject: "/proc/\(started.pid)/stat", errno: ESRCH)
        }
        identity = stat.identity
    }

    private static func stat(
        of pid: ProcessID, _ procfs: Procfs, closing barrier: Locked<CInt>
    ) throws(SystemCallFailure) -> ProcessStat? {
        do throws(SystemCallFailure) {
            if let stat = try procfs.stat(pid) { return stat }
        } catch {
            closeBarrier(barrier)
            throw error
        }
        closeBarrier(barrier)
        return nil
    }

    /// Lets the leader execute its command and waits for the kernel's answer.
    /// - Throws: ``SystemCallFailure`` from the barrier or the report; then nothing is known about the command.
    public func release(_ monitor: ReadinessMonitor, until deadline: Deadline) async throws(SystemCallFailure) -> ReleaseOutcome {
        if let end = Self.take(barrier) {
            do throws(SystemCallFailure) {
                try end.writeAll([1], name: "barrier")
            } catch {
                // EPIPE: the leader was killed while it was parked.
                if error.errno == EPIPE { return .failed(SystemCallFailure(call: "execve", subject: command.path, errno: ESRCH)) }
                throw error
            }
        }
        guard try await monitor.wait(for: report, .readable, until: deadline) == .ready else { return .noAnswer }
        let bytes = try report.readToEnd(name: "report")
        guard bytes.count >= MemoryLayout<corral_leader_failure>.size else { return .executed }
        let failure = bytes.withUnsafeBytes { $0.loadUnaligned(as: corral_leader_failure.self) }
        return .failed(describe(failure))
    }

    /// Closes the barrier: a leader that was not released exits without executing anything.
    public func abandon() {
        Self.closeBarrier(barrier)
    }

    deinit {
        abandon()
    }

    private static func closeBarrier(_ barrier: Locked<CInt>) {
        _ = take(barrier)
    }

    private static func take(_ barrier: Locked<CInt>) -> OwnedFileDescriptor? {
        let raw = barrier.withLock { barrier in
            defer { barrier = -1 }
            return barrier
        }
        return raw >= 0 ? OwnedFileDescriptor(adopting: raw) : nil
    }

    private func describe(_ failure: corral_leader_failure) -> SystemCallFailure {
        switch Int(failure.stage) {
        case CORRAL_LEADER_TERMINAL:
            SystemCallFailure(call: "ioctl(TIOCSCTTY)", subject: "terminal of \(command.path)", errno: failure.error)
        case CORRAL_LEADER_DIRECTORY:
            SystemCallFailure(call: "chdir", subject: command.directory, errno: failure.error)
        default:
            SystemCallFailure(call: "execve", subject: command.path, errno: failure.error)
        }
    }
}
