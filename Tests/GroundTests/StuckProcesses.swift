import CgroupPty
import Foundation
import TestSupport

/// Makes processes that no signal ends, SIGKILL neither, until they are thawed: with the freezer of cgroup v1, in which a frozen
/// process does not even die.
///
/// The v1 hierarchy is mounted in a directory of the test's own. It leaves the process where it is in cgroup v2, so that
/// systemd and Corral see it in its scope all the time.
final class StuckProcesses: Sendable {
    /// Why processes cannot be made unkillable here; nil when they can.
    static let impediment: String? = {
        guard Ground.isSystem else { return "only root can mount the freezer of cgroup v1" }
        do {
            try StuckProcesses().end()
            return nil
        } catch {
            return "the freezer of cgroup v1 cannot be used: \(error)"
        }
    }()

    private let directory: TemporaryDirectory
    private var mount: String { directory.path + "/freezer" }
    /// A cgroup of this test's own: the hierarchy is one for the whole kernel.
    private var cell: String { "\(mount)/\(URL(fileURLWithPath: directory.path).lastPathComponent)" }

    /// Mounts the freezer.
    init() throws {
        directory = try TemporaryDirectory()
        try Shell.run("mkdir '\(mount)'; mount -t cgroup -o freezer none '\(mount)'; mkdir '\(cell)'")
    }

    /// Freezes a process.
    func freeze(_ pid: ProcessID) throws {
        try Shell.run(
            """
            echo \(pid) > '\(cell)/cgroup.procs'
            echo FROZEN > '\(cell)/freezer.state'
            n=0; until [ "$(cat '\(cell)/freezer.state')" = FROZEN ]; do n=$((n + 1)); [ $n -lt 1000 ]; done
            """)
    }

    /// Lets all of them go on, and so die of what was sent to them.
    func thaw() throws { try Shell.run("echo THAWED > '\(cell)/freezer.state'") }

    /// Thaws, and takes the freezer away again.
    func end() throws {
        try thaw()
        try Shell.run(
            """
            for pid in $(cat '\(cell)/cgroup.procs'); do echo "$pid" > '\(mount)/cgroup.procs' 2>/dev/null || true; done
            n=0; until rmdir '\(cell)' 2>/dev/null; do n=$((n + 1)); [ $n -lt 1000 ]; done
            umount '\(mount)'
            """)
    }
}
