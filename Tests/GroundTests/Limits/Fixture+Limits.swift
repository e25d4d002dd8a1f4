import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// How tests of limits look at the kernel and at systemd, behind the host's back.
extension Fixture {
    /// Files in which the manager keeps what was set of a unit.
    static func dropIns(of unit: String) throws -> [String] {
        let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? ""
        let base = Ground.isSystem ? "/run/systemd/system.control" : "\(runtime)/systemd/user.control"
        return try Shell.run("ls '\(base)/\(unit).d' 2>/dev/null || true").split(separator: "\n").map(String.init)
    }

    /// A file of a unit's cgroup, without the newline at its end; nil when it is not there.
    func kernel(_ file: String, of unit: String) throws -> String? {
        let found = try Shell.run("find /sys/fs/cgroup -type d -name '\(unit)' 2>/dev/null || true")
            .split(separator: "\n").map(String.init)
        guard let place = found.first, let bytes = FileManager.default.contents(atPath: "\(place)/\(file)") else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// One number of a flat keyed file of a unit's cgroup.
    func kernel(_ file: String, _ key: String, of unit: String) throws -> Int? {
        try kernel(file, of: unit)?.split(separator: "\n").compactMap { line -> Int? in
            let words = line.split(separator: " ")
            return words.first == key[...] && words.count == 2 ? Int(words[1]) : nil
        }.first
    }

    /// A new session that runs a shell script within limits.
    func session(
        _ workspace: WorkspaceDocument, _ script: String, limits: LimitsRequest
    ) async throws -> SessionDocument {
        try await client.createSession(
            in: workspace.id, CreateSessionRequest(command: ["/bin/sh", "-c", script], limits: limits)
        ).document
    }

    /// Processor time that a session takes over a while, of one processor, by the kernel's own count.
    func share(of session: SessionDocument, over time: Duration) async throws -> Double {
        let file = try #require(session.cgroup.map { "/sys/fs/cgroup\($0)/cpu.stat" })
        func usage() throws -> (microseconds: UInt64, at: Deadline) {
            let text = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
            let count = text.split(separator: "\n").first?.split(separator: " ").last.flatMap { UInt64($0) }
            return (try #require(count), .now)
        }
        let began = try usage()
        // What is measured is what happens in this time.
        try await Task.sleep(for: time)
        let ended = try usage()
        let passed = Double(ended.at.bootNanoseconds - began.at.bootNanoseconds) / 1000
        return Double(ended.microseconds - began.microseconds) / passed
    }
}
