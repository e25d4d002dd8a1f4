import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol

/// The directories of socket and index: whose they are, who else may enter, and how much room there is.
struct PlacesExamination {
    /// Below this a checkout or the index may fail any moment.
    private static let bytesWanted: UInt64 = 256 << 20

    let configuration: HostConfiguration

    /// Looks at everything.
    func checks() -> [DoctorDocument.Check] { [socket(), state(), room()] }

    /// The directory of the index.
    func state() -> DoctorDocument.Check { Self.directory("state", configuration.stateDirectory) }

    /// The directory of the socket, and what lies in the socket's place.
    private func socket() -> DoctorDocument.Check {
        let check = Self.directory("socket", configuration.runtimeDirectory)
        let path = configuration.socketPath
        var status = stat()
        guard check.verdict == .ok, lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK else {
            return check
        }
        return .init(
            "socket", .failure, "what lies there is no socket, and no host takes it away", from: path,
            mend: "Move it away: mv \(path) \(path).old")
    }

    /// Who owns what lies at a path, links followed; nil where nothing can be seen.
    static func owner(of path: String) -> uid_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_uid : nil
    }

    /// Whether a directory, if it is there, is this user's alone. One that is not there is made at the start, if it can be.
    ///
    /// A link to a directory is as good as one, since a host follows it.
    /// - Parameter user: who must own it; somebody else only in tests.
    static func directory(_ name: String, _ path: String, user: uid_t = geteuid()) -> DoctorDocument.Check {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            guard code == ENOENT else {
                return .init(
                    name, .failure, "cannot be looked at: \(String(cString: strerror(code)))", from: path,
                    mend: "What is above it must be a directory, and readable: namei -l \(path)")
            }
            return missing(name, path)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return .init(name, .failure, "no directory", from: path, mend: "Move it away: mv \(path) \(path).old")
        }
        guard status.st_uid == user else {
            return .init(
                name, .failure, "belongs to uid \(status.st_uid)", from: path,
                mend:
                    "If it is meant to be yours, as root: chown \(user) \(path); else HOME, XDG_STATE_HOME or StateDirectory= names somebody else's."
            )
        }
        guard status.st_mode & 0o022 == 0 else {
            return .init(name, .failure, "others may write in it", from: path, mend: "chmod 700 \(path)")
        }
        guard status.st_mode & 0o700 == 0o700 else {
            return .init(name, .failure, "its owner may not use it", from: path, mend: "chmod 700 \(path)")
        }
        guard access(path, W_OK) == 0 else {
            return .init(
                name, .failure, "cannot be written: \(String(cString: strerror(errno)))", from: path,
                mend: "A full or read-only file system, or missing rights.")
        }
        return .init(name, .ok, "yours alone to change", from: path)
    }

    /// Whether a directory could be made.
    private static func missing(_ name: String, _ path: String) -> DoctorDocument.Check {
        var status = stat()
        if lstat(path, &status) == 0 {
            return .init(
                name, .failure, "a link to what is not there", from: path,
                mend: "Bring back what it points to, or: rm \(path)")
        }
        var above = path
        repeat {
            above = above.lastIndex(of: "/").map { String(above[..<$0]) } ?? ""
        } while !above.isEmpty && lstat(above, &status) != 0 && errno == ENOENT
        let parent = above.isEmpty ? "/" : above
        guard access(parent, W_OK | X_OK) == 0 else {
            return .init(
                name, .failure, "not there, and cannot be made: \(String(cString: strerror(errno)))", from: path,
                mend: "\(parent) must be a directory that you may write in.")
        }
        return .init(name, .ok, "not there yet: the host makes it", from: path)
    }

    private func room() -> DoctorDocument.Check {
        var path = configuration.stateDirectory
        var status = statvfs()
        while statvfs(path, &status) != 0 {
            let code = errno
            guard code == ENOENT, let slash = path.lastIndex(of: "/") else {
                return .init(
                    "room", .warning, "cannot be told: \(String(cString: strerror(code)))", from: path,
                    mend: "What is said of `state` comes first.")
            }
            path = slash > path.startIndex ? String(path[..<slash]) : "/"
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard free < Self.bytesWanted else { return .init("room", .ok, "\(free >> 20) MiB free", from: path) }
        return .init(
            "room", free == 0 ? .failure : .warning, "\(free >> 20) MiB free", from: path,
            mend: "Make room: the index cannot be written on a full disk, and nothing starts then.")
    }
}
