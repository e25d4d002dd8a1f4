public import CgroupPty
import Foundation

/// What the kernel shows, for a test to judge by: never what the host says of itself.
public struct ProcessWorld: Sendable {
    private let procfs = Procfs()

    public init() {}

    /// Live processes (no zombies) whose environment carries a tag, for instance `CORRAL_WORKSPACE=w…`.
    public func tagged(_ name: String, _ value: String) throws -> [ProcessID] {
        try procfs.processes().filter { pid in
            guard let stat = try procfs.stat(pid), stat.state != "Z", !stat.isKernelThread else { return false }
            do throws(SystemCallFailure) {
                return try procfs.environment(pid)?[name] == value
            } catch {
                return false
            }
        }
    }

    /// Live processes whose command line holds a text.
    public func running(_ text: String) throws -> [ProcessID] {
        try procfs.processes().filter { pid in
            guard let stat = try procfs.stat(pid), stat.state != "Z", pid.rawValue != getpid() else { return false }
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
            return String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self).contains(text)
        }
    }

    /// Live processes in a slice or scope and below it, by the path in `/proc/PID/cgroup`.
    public func inUnit(_ unit: String) throws -> [ProcessID] {
        try procfs.processes().filter { pid in
            guard let stat = try procfs.stat(pid), stat.state != "Z", case .path(let path) = try procfs.cgroup(pid)
            else { return false }
            return path.components.contains(unit)
        }
    }

    /// PTYs that exist now.
    public func terminalCount() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/dev/pts").count { Int($0) != nil }
    }

    /// Units of the manager whose name matches a pattern.
    public func units(_ pattern: String) throws -> [String] {
        let scope = Ground.isSystem ? "--system" : "--user"
        return try Shell.run("systemctl \(scope) list-units --all --plain --no-legend '\(pattern)' | awk '{print $1}'")
            .split(separator: "\n").map(String.init)
    }
}
