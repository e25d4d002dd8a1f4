import CgroupPty
import Foundation

/// Stops a host at named places, or makes it kill itself there; the other end of the host's `CORRAL_TEST_CHECKPOINTS`.
public struct CheckpointControl: Sendable {
    /// A place was not reached, or not left, in time.
    public struct TimedOut: Error, CustomStringConvertible {
        public let description: String
    }

    /// The directory to name in the host's environment.
    public let directory: String
    private let executor = BlockingExecutor(label: "checkpoints")

    /// Watches no place yet.
    public init(in directory: TemporaryDirectory) throws {
        self.directory = directory.path + "/checkpoints"
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
    }

    /// From now on the host stops at this place.
    public func pause(at name: String) throws {
        let path = "\(directory)/\(name)"
        // A host may run as another user.
        guard mkfifo(path, 0o600) == 0, chmod(path, 0o666) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    /// From now on the host kills itself with SIGKILL at this place.
    public func kill(at name: String) throws {
        try Data().write(to: URL(fileURLWithPath: "\(directory)/\(name).kill"))
    }

    /// Lets the host pass without stopping.
    public func clear(_ name: String) {
        unlink("\(directory)/\(name).kill")
        unlink("\(directory)/\(name)")
    }

    /// Waits until the host stands at the place.
    public func waitUntilReached(_ name: String, within limit: Duration = .seconds(30)) async throws {
        let path = "\(directory)/\(name)"
        let reached = await executor.run(until: .after(limit)) { () -> Bool in
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return false }
            defer { close(file) }
            var byte: UInt8 = 0
            return read(file, &byte, 1) == 1
        }
        guard reached == true else { throw TimedOut(description: "the host did not reach \(name) within \(limit)") }
    }

    /// Has a session print until the host has kept a screen that came after this: it looks whether it is time to only when output comes.
    /// - Parameters:
    ///   - first: Has it print more than half of what its ring holds.
    ///   - more: Has it print a little.
    public func keepScreen(first: () async throws -> Void, more: () async throws -> Void) async throws {
        try pause(at: "screenKept")
        let isKept = Locked(false)
        let waiting = Task {
            try await waitUntilReached("screenKept", within: .seconds(60))
            isKept.withLock { $0 = true }
        }
        try await first()
        let deadline = Deadline.after(.seconds(60))
        while !isKept.withLock({ $0 }), !deadline.hasPassed {
            try await more()
            try await Task.sleep(for: .milliseconds(50))
        }
        try await waiting.value
        try await resume("screenKept")
    }

    /// Lets the host go on from the place, and not stop there again.
    public func resume(_ name: String, within limit: Duration = .seconds(30)) async throws {
        let path = "\(directory)/\(name)"
        let left = await executor.run(until: .after(limit)) { () -> Bool in
            let file = open(path, O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return false }
            unlink(path)
            close(file)
            return true
        }
        guard left == true else { throw TimedOut(description: "the host did not leave \(name) within \(limit)") }
    }
}
