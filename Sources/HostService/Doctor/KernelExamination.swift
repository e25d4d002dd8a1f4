import CgroupPty
import Glibc
import HostProtocol

/// What Corral needs of the kernel, looked at where it is told: nothing is tried out.
///
/// See: cgroups(7); pty(7); getrlimit(2)
struct KernelExamination {
    /// The oldest kernel that Corral is built for.
    static let oldestKernel = [5, 15]
    /// Terminals that should be free.
    private static let terminalsWanted = 100

    /// Where the files are; another place only in tests.
    var proc = "/proc"

    /// Looks at everything.
    func checks() -> [DoctorDocument.Check] { [kernel(), terminals(), openFiles()] }

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

    /// How many files a process may open.
    func openFiles() -> DoctorDocument.Check {
        var limit = rlimit()
        let source = "getrlimit(RLIMIT_NOFILE)"
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .init("open-files", .warning, "the limit cannot be read", from: source)
        }
        // Three a session and one a connection, and as many as the unit asks for.
        guard limit.rlim_max < 16_384 else {
            return .init("open-files", .ok, "\(limit.rlim_max) at most", from: source)
        }
        return .init(
            "open-files", .warning, "\(limit.rlim_max) at most, enough for \(limit.rlim_max / 5) sessions",
            from: source,
            mend: "Raise the hard limit: LimitNOFILE= of user@.service, or of corral-host.service as root.")
    }

    private func line(_ path: String) -> String? {
        do throws(SystemCallFailure) {
            let text = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).withContents(name: path) { bytes in
                String(decoding: bytes, as: UTF8.self)
            }
            return text.split(separator: "\n" as Character).first.map(String.init)
        } catch {
            return nil
        }
    }
}
