import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol

/// The directories of socket and index: whose they are, who else may enter, and how much room there is.
struct PlacesExamination {
    /// Below this a checkout or the index may fail any moment.
    private static let bytesWanted: UInt64 = 256 << 20

    let configuration: HostConfiguration
    /// Who must own them; somebody else only in tests.
    var user = geteuid()

    /// Looks at everything.
    func checks() -> [DoctorDocument.Check] {
        var checks: [DoctorDocument.Check] = []
        if configuration.manager == .user { checks.append(runtimeRoot()) }
        checks.append(directory("socket", configuration.runtimeDirectory))
        checks.append(directory("state", configuration.stateDirectory))
        checks.append(room())
        return checks
    }

    private func runtimeRoot() -> DoctorDocument.Check {
        guard let path = configuration.environment["XDG_RUNTIME_DIR"], !path.isEmpty else {
            return .init(
                "runtime-directory", .warning, "XDG_RUNTIME_DIR is not set", from: "the environment",
                mend: "export XDG_RUNTIME_DIR=/run/user/\(user)")
        }
        return directory("runtime-directory", path)
    }

    /// Whether a directory, if it is there, is this user's alone. One that is not there is made at the start.
    func directory(_ name: String, _ path: String) -> DoctorDocument.Check {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            let code = errno
            if code == ENOENT { return .init(name, .ok, "not there yet: the host makes it", from: path) }
            return .init(name, .failure, String(cString: strerror(code)), from: path, mend: "Make it readable.")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return .init(name, .failure, "no directory", from: path, mend: "Move it away.")
        }
        guard status.st_uid == user else {
            return .init(
                name, .failure, "belongs to uid \(status.st_uid)", from: path, mend: "As root: chown \(user) \(path)")
        }
        guard status.st_mode & 0o022 == 0 else {
            return .init(name, .failure, "others may write in it", from: path, mend: "chmod 700 \(path)")
        }
        guard access(path, W_OK) == 0 else {
            return .init(
                name, .failure, "cannot be written: \(String(cString: strerror(errno)))", from: path,
                mend: "A full or read-only file system, or missing rights.")
        }
        return .init(name, .ok, "yours alone to change", from: path)
    }

    private func room() -> DoctorDocument.Check {
        var path = configuration.stateDirectory
        var status = statvfs()
        while statvfs(path, &status) != 0 {
            guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                return .init("room", .warning, "cannot be told: \(String(cString: strerror(errno)))", from: path)
            }
            path = String(path[..<slash])
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard free < Self.bytesWanted else { return .init("room", .ok, "\(free >> 20) MiB free", from: path) }
        return .init(
            "room", free == 0 ? .failure : .warning, "\(free >> 20) MiB free", from: path,
            mend: "Make room: the index cannot be written on a full disk, and nothing starts then.")
    }
}
