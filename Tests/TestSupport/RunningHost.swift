public import CgroupPty
import Foundation
public import HostClient

/// A real `corral-host` with directories of its own, started and ended by a test.
public final class RunningHost: Sendable {
    /// The host did not do what it should in time.
    public struct Trouble: Error, CustomStringConvertible {
        public let description: String

        /// Makes one in words.
        public init(description: String) { self.description = description }
    }

    /// State, runtime directory and log of one host over its restarts.
    public struct Place: Sendable {
        public let directory: TemporaryDirectory
        public var state: String { directory.path + "/state" }
        public var runtime: String { directory.path + "/run" }
        public var socket: String { runtime + "/corral.sock" }
        public var log: String { directory.path + "/log" }
        /// The host to run; a path that another build may be put at later, beside a leader.
        public var program = URL(fileURLWithPath: Ground.programs + "/corral-host").standardizedFileURL.path
        /// Added to the host's environment.
        public var environment: [String: String] = [:]
        /// Added to the host's arguments.
        public var arguments: [String] = []
        /// A command that becomes the host, which it is given with its arguments; by its path. It must not fork.
        public var launcher: [String] = []

        /// A fresh place.
        public init() throws { directory = try TemporaryDirectory() }
    }

    public let place: Place
    public let pidfd: Pidfd
    /// Talks to it.
    public let client: HostClient
    private let process: Process
    private let monitor: ReadinessMonitor

    private init(place: Place, process: Process, pidfd: Pidfd, monitor: ReadinessMonitor) {
        self.place = place
        self.process = process
        self.pidfd = pidfd
        self.monitor = monitor
        client = HostClient(socketPath: place.socket)
    }

    /// Starts a host and waits for READY=1.
    public static func start(_ place: Place) async throws -> RunningHost {
        let notify = try listen(place)
        let process = try launch(place)
        let monitor = try ReadinessMonitor()
        guard let pidfd = try Pidfd.open(ProcessID(process.processIdentifier)) else {
            throw Trouble(description: "corral-host exited at once: \(log(place))")
        }
        let deadline = Deadline.after(.seconds(60))
        while true {
            guard
                try await monitor.wait(for: notify, .readable, until: min(deadline, .after(.milliseconds(500))))
                    == .ready
            else {
                if try pidfd.hasExited() { throw Trouble(description: "corral-host exited: \(log(place))") }
                if deadline.hasPassed { throw Trouble(description: "corral-host was not ready in 60 s: \(log(place))") }
                continue
            }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = notify.withRawValue { recv($0, &bytes, bytes.count, 0) }
            if count > 0, String(decoding: bytes[0..<count], as: UTF8.self).contains("READY=1") { break }
        }
        return RunningHost(place: place, process: process, pidfd: pidfd, monitor: monitor)
    }

    /// Starts a host that is expected to refuse, and returns its exit status and what it said.
    public static func startRefused(_ place: Place) async throws -> (status: Int32, log: String) {
        let process = try launch(place)
        let ended: Void? = await BlockingExecutor(label: "wait").run(until: .after(.seconds(60))) {
            process.waitUntilExit()
        }
        guard ended != nil else {
            process.terminate()
            throw Trouble(description: "corral-host was expected to refuse, and runs: \(log(place))")
        }
        return (process.terminationStatus, log(place))
    }

    /// SIGKILL, and waits for the end.
    public func kill() async throws { try await end(SIGKILL) }

    /// SIGTERM, and waits for the end.
    public func stop() async throws { try await end(SIGTERM) }

    /// Waits until the host has ended by itself.
    public func waitForExit(within limit: Duration = .seconds(60)) async throws {
        guard try await pidfd.waitForExit(monitor, until: .after(limit)) else {
            throw Trouble(description: "corral-host still runs after \(limit): \(Self.log(place))")
        }
        await BlockingExecutor(label: "wait").run { [process] in process.waitUntilExit() }
    }

    /// Descriptors that the host has open.
    public func descriptorCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pidfd.pid)/fd").count
    }

    /// Sockets that the host has open.
    public func socketCount() throws -> Int {
        let directory = "/proc/\(pidfd.pid)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: directory).count { name in
            var target = [CChar](repeating: 0, count: 7)
            // One that was closed meanwhile is none.
            guard readlink("\(directory)/\(name)", &target, 7) == 7 else { return false }
            return target.elementsEqual("socket:".utf8.map { CChar($0) })
        }
    }

    /// Threads that the host has.
    public func threadCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pidfd.pid)/task").count
    }

    /// What the host has written so far.
    public static func log(_ place: Place) -> String {
        String(decoding: FileManager.default.contents(atPath: place.log) ?? Data(), as: UTF8.self)
    }

    /// What a host's log tells of a failure: how a crash began, which thousands of characters of threads follow, and the end.
    public static func excerpt(of log: String) -> String {
        let end = String(log.suffix(4000))
        guard let crash = log.range(of: "Program crashed") ?? log.range(of: "Fatal error") else {
            return "the host's log ends with:\n\(end)"
        }
        return "the host crashed:\n\(log[crash.lowerBound...].prefix(8000))\n...\nthe host's log ends with:\n\(end)"
    }

    private func end(_ signal: Int32) async throws {
        try pidfd.signal(signal)
        try await waitForExit(within: .seconds(100))
    }

    deinit {
        // A test that failed leaves no host behind.
        do { try pidfd.signal(SIGKILL) } catch { print("end host: \(error)") }
        monitor.stop()
    }

    /// Listens where the host will say READY=1.
    private static func listen(_ place: Place) throws -> OwnedFileDescriptor {
        let path = place.directory.path + "/notify"
        unlink(path)
        let notify = OwnedFileDescriptor(
            adopting: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = notify.withRawValue { raw in
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        // A host may run as another user.
        guard bound == 0, chmod(path, 0o666) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return notify
    }

    private static func launch(_ place: Place) throws -> Process {
        guard FileManager.default.createFile(atPath: place.log, contents: nil),
            let log = FileHandle(forWritingAtPath: place.log)
        else { throw Trouble(description: "open \(place.log)") }
        let process = Process()
        let command =
            place.launcher + [
                place.program,
                "--state-directory", place.state, "--runtime-directory", place.runtime, "--log-level", "debug",
            ] + place.arguments
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        var environment = ProcessInfo.processInfo.environment.merging(place.environment) { _, new in new }
        environment["NOTIFY_SOCKET"] = place.directory.path + "/notify"
        environment["JOURNAL_STREAM"] = nil
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.run()
        return process
    }
}
