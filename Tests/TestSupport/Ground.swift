public import CgroupPty
import Foundation

/// Where ground tests may run: on a private systemd that `scripts/test` booted, or on the caller's own user manager.
///
/// They start real hosts, scopes and processes, so they run only when `CORRAL_GROUND` says which manager to use.
public enum Ground {
    /// `user` or `system`, nil where ground tests must not run.
    public static let manager: String? = ProcessInfo.processInfo.environment["CORRAL_GROUND"]
    /// Whether ground tests may run.
    public static var isAvailable: Bool { manager != nil }
    /// Why they do not run.
    public static let reason = "CORRAL_GROUND is not set: scripts/test sets it on a private systemd"
    /// Whether PID 1's manager is used and we are root.
    public static var isSystem: Bool { manager == "system" }

    /// The controllers of cgroup v2 that the manager's slices can have; empty where ground tests must not run.
    public static let controllers: Set<ResourceLimit.Controller> = {
        guard isAvailable else { return [] }
        do {
            let own = try String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)
                .split(separator: "\n" as Character).last { $0.hasPrefix("0::") }
            guard let path = own.flatMap({ CgroupPath($0.dropFirst(3)) }) else { return [] }
            // The manager's own cgroup lies above the slice or service that the test runs in.
            let count = isSystem ? 0 : path.components.firstIndex { $0.hasPrefix("user@") }.map { $0 + 1 } ?? 0
            let manager = CgroupPath(components: Array(path.components.prefix(count)))
            return try CgroupDirectory.open(mount: "/sys/fs/cgroup", manager).controllers() ?? []
        } catch {
            print("look for controllers: \(error)")
            return []
        }
    }()

    /// Where the units are.
    public static var packaging: String { ProcessInfo.processInfo.environment["CORRAL_TEST_PACKAGING"] ?? "packaging" }
    /// Where the built programs are.
    public static var programs: String { ProcessInfo.processInfo.environment["CORRAL_TEST_BIN"] ?? ".build/debug" }
}
