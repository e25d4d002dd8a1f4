import CgroupPty
import Foundation

/// Another process that writes to an index, as a backup that takes long would, and keeps the host from it.
public final class OtherWriter: Sendable {
    private let directory: TemporaryDirectory

    private init() throws { directory = try TemporaryDirectory() }

    /// Takes the database's lock for writing, and returns once it has it.
    /// - Parameter state: the state directory of a host.
    public static func lock(_ state: String, within limit: Duration = .seconds(30)) async throws -> OtherWriter {
        let other = try OtherWriter()
        let script = """
            import sqlite3, sys, time
            index = sqlite3.connect(sys.argv[1], isolation_level=None)
            index.execute('BEGIN IMMEDIATE')
            open(sys.argv[2], 'w').close()
            time.sleep(1000)
            """
        let place = other.directory.path
        try Data(script.utf8).write(to: URL(fileURLWithPath: place + "/lock.py"))
        try Shell.launch(
            "python3 '\(place)/lock.py' '\(state)/index.db' '\(place)/locked'", pidFile: place + "/pid")
        let deadline = Deadline.after(limit)
        while !FileManager.default.fileExists(atPath: place + "/locked") {
            guard !deadline.hasPassed else {
                try other.end()
                throw RunningHost.Trouble(description: "the index in \(state) is not locked within \(limit)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return other
    }

    /// Ends it, by which the lock is free.
    public func end() throws {
        guard FileManager.default.fileExists(atPath: directory.path + "/pid") else { return }
        try Shell.run("kill -9 $(cat '\(directory.path)/pid') 2>/dev/null || true; rm -f '\(directory.path)/pid'")
    }

    deinit {
        do { try end() } catch { print("end the other writer: \(error)") }
    }
}
