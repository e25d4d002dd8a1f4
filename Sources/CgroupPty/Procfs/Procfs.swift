import Glibc

/// Reads `/proc`. A process that is gone is nil; any other failure is thrown, and unknown to whoever judges by it (I3).
///
/// See: proc(5)
public struct Procfs: Sendable {
    /// Where procfs is mounted; another directory in tests.
    public let root: String

    /// Reads below `root`.
    public init(root: String = "/proc") {
        self.root = root
    }

    /// Numbers of all processes, in the order of the directory.
    public func processes() throws(SystemCallFailure) -> [ProcessID] {
        try DirectoryListing.names(path: root).compactMap { ProcessID($0) }
    }

    /// See: ``ProcessStat``
    /// - Throws: ``SystemCallFailure``; `EBADMSG` for a content that is not in the documented form.
    public func stat(_ pid: ProcessID) throws(SystemCallFailure) -> ProcessStat? {
        guard let bytes = try read(pid, "stat") else { return nil }
        guard let stat = ProcessStat(bytes) else {
            throw SystemCallFailure(call: "read", subject: "\(root)/\(pid)/stat", errno: EBADMSG)
        }
        return stat
    }

    /// A process and those that it descends from, as far as they can be read.
    public func ancestors(of pid: ProcessID) -> Set<ProcessID> {
        var ancestors: Set<ProcessID> = []
        var pid = pid
        while pid.rawValue > 0, ancestors.insert(pid).inserted {
            do throws(SystemCallFailure) {
                guard let stat = try stat(pid) else { break }
                pid = ProcessID(stat.parent)
            } catch {
                break
            }
        }
        return ancestors
    }

    /// See: ``ProcessCgroup``
    ///
    /// `.removed` only for a process that is dead: the mark ` (deleted)` on a live one's path belongs to the cgroup's name.
    public func cgroup(_ pid: ProcessID) throws(SystemCallFailure) -> ProcessCgroup? {
        guard let bytes = try read(pid, "cgroup") else { return nil }
        let cgroup = ProcessCgroup(bytes)
        // The order matters: the dead stay dead, so whoever lives now lived when the path was read.
        guard cgroup == .removed, let stat = try stat(pid), !"ZX".contains(stat.state) else { return cgroup }
        return ProcessCgroup(bytes, isAlive: true)
    }

    /// See: ``ProcessEnvironment``
    /// - Throws: ``SystemCallFailure``, `EACCES` for somebody else's process and for one that is not dumpable.
    public func environment(_ pid: ProcessID) throws(SystemCallFailure) -> ProcessEnvironment? {
        try read(pid, "environ").map { ProcessEnvironment($0) }
    }

    /// The kernel function that the process waits in; nil when it runs, is gone, or the kernel does not tell us.
    public func waitChannel(_ pid: ProcessID) -> String? {
        do {
            guard let bytes = try read(pid, "wchan"), !bytes.isEmpty, bytes != [UInt8(ascii: "0")] else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            return nil
        }
    }

    /// User id of the process, as the owner of its directory.
    public func userID(_ pid: ProcessID) throws(SystemCallFailure) -> UInt32? {
        var status = Glibc.stat()
        let path = "\(root)/\(pid)"
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ESRCH { return nil }
            throw SystemCallFailure(call: "lstat", subject: path, errno: errno)
        }
        return status.st_uid
    }

    private func read(_ pid: ProcessID, _ name: String) throws(SystemCallFailure) -> [UInt8]? {
        let path = "\(root)/\(pid)/\(name)"
        do throws(SystemCallFailure) {
            let file = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY)
            return try file.readToEnd(name: path, limit: 8 << 20)
        } catch {
            // ESRCH: the process ended between open and read.
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw error
        }
    }
}
