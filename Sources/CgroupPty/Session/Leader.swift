internal import CSystemd
import Glibc

/// The first process of a session: session leader, owner of the terminal, parked until it may execute its command.
///
/// Nothing of the command runs before ``release(_:until:)``. When this object goes away before, also because the service is
/// killed, the barrier closes and the process exits by itself with status 125, or the hangup of its terminal ends it. While it is
/// parked its signals have their defaults already, so a stop of its scope ends it at once.
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
    private let program: LeaderProgram
    private let barrier: Locked<CInt>
    private let report: OwnedFileDescriptor

    /// Starts the process and parks it. It is our child: ``Pidfd/exitStatus()`` must collect it.
    /// - Parameters:
    ///   - program: what it is while it is parked.
    ///   - slave: lent; the leader holds its own copies.
    /// - Throws: ``SystemCallFailure`` from `clone`, `pipe2`, taking the terminal, executing `program` (`E2BIG`: the arguments and the
    ///   environment are too long) or reading its start time; then no process is left.
    public init(
        _ command: Command, program: LeaderProgram, terminal slave: borrowing OwnedFileDescriptor, procfs: Procfs
    ) throws(SystemCallFailure) {
        let words = [LeaderProgram.name, command.directory, command.path] + command.arguments
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = command.environment.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var started = corral_leader()
        var stage: CInt = 0
        let answer = slave.withRawValue { terminal in
            program.file.withRawValue { program in
                arguments.withUnsafeMutableBufferPointer { arguments in
                    environment.withUnsafeMutableBufferPointer { environment in
                        var request = corral_leader_request(
                            program: program, arguments: arguments.baseAddress, environment: environment.baseAddress,
                            terminal: terminal)
                        return corral_leader_start(&request, &started, &stage)
                    }
                }
            }
        }
        guard answer >= 0 else { throw Self.describe(stage, -answer, command, program) }
        self.program = program
        self.command = command
        pidfd = Pidfd(adopting: started.pidfd, pid: ProcessID(started.pid))
        report = OwnedFileDescriptor(adopting: started.report)
        barrier = Locked(started.barrier)
        do throws(SystemCallFailure) {
            guard let stat = try procfs.stat(pidfd.pid) else {
                throw SystemCallFailure(call: "read", subject: "\(procfs.root)/\(started.pid)/stat", errno: ESRCH)
            }
            identity = stat.identity
        } catch {
            // It is our child: nobody else could collect it.
            _ = corral_leader_discard(started.pidfd)
            Self.closeBarrier(barrier)
            throw error
        }
    }

    /// Lets the leader execute its command and waits for the kernel's answer.
    /// - Throws: ``SystemCallFailure`` from the barrier or the report; then nothing is known about the command.
    public func release(
        _ monitor: ReadinessMonitor, until deadline: Deadline
    ) async throws(SystemCallFailure) -> ReleaseOutcome {
        if let end = Self.take(barrier) {
            let answer = end.withRawValue { corral_leader_release($0) }
            // The leader was killed while it was parked.
            if answer == -EPIPE {
                return .failed(SystemCallFailure(call: "execve", subject: command.path, errno: ESRCH))
            }
            guard answer >= 0 else { throw SystemCallFailure(call: "send", subject: "barrier", errno: -answer) }
        }
        guard try await monitor.wait(for: report, .readable, until: deadline) == .ready else { return .noAnswer }
        // One read: a pipe passes so few bytes whole. Reading to the end would wait for the leader's exit as well.
        var failure = corral_leader_failure()
        let count = try retryingInterrupted("read", "report") {
            report.withRawValue { read($0, &failure, MemoryLayout<corral_leader_failure>.size) }
        }
        return count == MemoryLayout<corral_leader_failure>.size
            ? .failed(Self.describe(failure.stage, failure.error, command, program)) : .executed
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

    private static func describe(
        _ stage: CInt, _ errno: CInt, _ command: Command, _ program: LeaderProgram
    ) -> SystemCallFailure {
        switch Int(stage) {
        case 0: SystemCallFailure(call: "clone", subject: command.path, errno: errno)
        case CORRAL_LEADER_TERMINAL:
            SystemCallFailure(call: "ioctl(TIOCSCTTY)", subject: "terminal of \(command.path)", errno: errno)
        case CORRAL_LEADER_DIRECTORY: SystemCallFailure(call: "chdir", subject: command.directory, errno: errno)
        // Its arguments and environment are the command's.
        case CORRAL_LEADER_PROGRAM where errno != E2BIG:
            SystemCallFailure(call: "execveat", subject: program.path, errno: errno)
        default: SystemCallFailure(call: "execve", subject: command.path, errno: errno)
        }
    }
}
