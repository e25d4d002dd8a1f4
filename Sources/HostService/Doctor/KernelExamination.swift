import CgroupPty
import Glibc
import HostProtocol

/// What Corral needs of the kernel, looked at where it is told: nothing is tried out.
///
/// See: cgroups(7); pty(7); proc_pid_limits(5)
struct KernelExamination {
    /// The oldest kernel that Corral is built for.
    static let oldestKernel = [5, 15]
    /// Terminals that should be free.
    private static let terminalsWanted = 100

    /// Where the files are; another place only in tests.
    var proc = "/proc"

    /// Looks at everything.
    func checks() -> [DoctorDocument.Check] { [kernel(), terminals()] }

    /// The release of the kernel that runs.
    func kernel() -> DoctorDocument.Check {
        let source = "\(proc)/sys/kernel/osrelease"
        guard let release = line(source) else {
            return .init("kernel", .warning, "its release cannot be read", from: source)
        }
        let parts = release.split(separator: "." as Character).prefix(2).map { part in
            Int(part.prefix { ("0"..."9").contains($0) }) ?? 0
        }
        guard !parts.lexicographicallyPrecedes(Self.oldestKernel) else {
            return .init(
                "kernel", .failure, "Linux \(release) is older than 5.15", from: source,
                mend: "Boot a newer kernel: cgroup.kill and pidfds are missing in old ones.")
        }
        return .init("kernel", .ok, "Linux \(release)", from: source)
    }

    /// How many terminals the kernel has left.
    func terminals() -> DoctorDocument.Check {
        let source = "\(proc)/sys/kernel/pty/max"
        guard let most = line(source).flatMap({ Int($0) }),
            let used = line("\(proc)/sys/kernel/pty/nr").flatMap({ Int($0) })
        else { return .init("terminals", .warning, "how many there are left cannot be read", from: source) }
        let found = "\(used) of \(most) in use"
        guard most - used < Self.terminalsWanted else { return .init("terminals", .ok, found, from: source) }
        return .init(
            "terminals", most - used < 1 ? .failure : .warning, found, from: source,
            mend: "As root: sysctl kernel.pty.max=\(max(4096, most * 2))")
    }

    /// How many files a host may open: one that runs, else one that systemd would start. What this process may is nothing to it.
    ///
    /// See: proc_pid_limits(5)
    /// - Parameters:
    ///   - host: the process that has the index.
    ///   - unit: what the manager would give the service.
    func openFiles(host: ProcessID?, unit: UInt64?) -> DoctorDocument.Check {
        let (limit, source): (UInt64?, String) =
            if let host {
                (softLimit(of: host), "\(proc)/\(host)/limits of the process that has the index")
            } else {
                (unit, "LimitNOFILE= of corral-host.service")
            }
        guard let limit else {
            return .init(
                "open-files", .warning, "how many files a host may open cannot be told", from: source,
                mend: "Mend what is said of `systemd` first.")
        }
        // Three a session and one a connection, and as many as the unit asks for.
        guard limit < 16_384 else {
            return .init("open-files", .ok, limit == .max ? "unlimited" : "\(limit) at most", from: source)
        }
        let sessions = limit / 5
        return .init(
            "open-files", sessions < 10 ? .failure : .warning,
            "\(limit) at most, enough for \(sessions) \(sessions == 1 ? "session" : "sessions")", from: source,
            mend:
                "LimitNOFILE=20000 of corral-host.service, and no less of user@.service above a user's; then: corral host restart"
        )
    }

    /// A process's soft limit, at which its opens fail. A host has raised it to the hard one.
    private func softLimit(of process: ProcessID) -> UInt64? {
        let name = "Max open files"
        let text = text("\(proc)/\(process)/limits") ?? ""
        guard let line = text.split(separator: "\n" as Character).first(where: { $0.hasPrefix(name) }) else {
            return nil
        }
        guard let soft = line.dropFirst(name.count).split(separator: " " as Character).first else { return nil }
        return soft == "unlimited" ? .max : UInt64(soft)
    }

    private func line(_ path: String) -> String? {
        text(path)?.split(separator: "\n" as Character).first.map(String.init)
    }

    private func text(_ path: String) -> String? {
        do throws(SystemCallFailure) {
            return try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).withContents(name: path) { bytes in
                String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            return nil
        }
    }
}
