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
        var found: [ProcessID] = []
        try DirectoryListing.forEachName(
            OwnedFileDescriptor.open(path: root, flags: O_RDONLY | O_DIRECTORY), name: root, directoriesOnly: false
        ) { name in
            if let pid = ProcessID(digits: name) { found.append(pid) }
        }
        return found
    }

    /// See: ``ProcessStat``
    /// - Throws: ``SystemCallFailure``; `EBADMSG` for a content that is not in the documented form.
    public func stat(_ pid: ProcessID) throws(SystemCallFailure) -> ProcessStat? {
        try read(pid, "stat") { (bytes) throws(SystemCallFailure) in
            guard let stat = ProcessStat(bytes) else {
                throw SystemCallFailure(call: "read", subject: "\(root)/\(pid)/stat", errno: EBADMSG)
            }
            return stat
        }
    }

    /// A thread that lives of a process whose main thread has ended; nil for any other process, and for one that has ended.
    ///
    /// What the process has (environment, directories, open files, cgroup) is shown under this number, and no more under its own: there it
    /// is gone, or empty, or root's.
    public func livingThread(of pid: ProcessID) throws(SystemCallFailure) -> ProcessID? {
        guard let stat = try stat(pid), stat.hasLostMainThread else { return nil }
        do throws(SystemCallFailure) {
            for name in try DirectoryListing.names(path: "\(root)/\(pid)/task") {
                guard let thread = ProcessID(digits: Array(name.utf8)), thread != pid else { continue }
                if let stat = try self.stat(thread), !"ZX".contains(stat.state) { return thread }
            }
        } catch {
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw error
        }
        return nil
    }

    /// Asks for what a process has: under its own number and, where nothing is to be had there, under that of a thread that lives. In this
    /// order, since nearly every process has its main thread.
    func askLiving<Answer>(
        _ pid: ProcessID, isNothing: (Answer) -> Bool, _ ask: (ProcessID) throws(SystemCallFailure) -> Answer
    ) throws(SystemCallFailure) -> Answer {
        do throws(SystemCallFailure) {
            let answer = try ask(pid)
            guard isNothing(answer), let thread = try livingThread(of: pid) else { return answer }
            return try ask(thread)
        } catch {
            guard [EACCES, ENOENT, ESRCH].contains(error.errno), let thread = try livingThread(of: pid) else {
                throw error
            }
            return try ask(thread)
        }
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
        var known = KnownCgroups()
        return try cgroup(livingThread(of: pid) ?? pid, &known)
    }

    /// The same, for looks at many processes: the number is that of a thread that lives, where the main one has ended.
    public func cgroup(_ pid: ProcessID, _ known: inout KnownCgroups) throws(SystemCallFailure) -> ProcessCgroup? {
        guard let bytes = try read(pid, "cgroup") else { return nil }
        let cgroup = known[bytes]
        // The order matters: the dead stay dead, so whoever lives now lived when the path was read.
        guard cgroup == .removed, let stat = try stat(pid), !stat.hasEnded else { return cgroup }
        return ProcessCgroup(bytes, isAlive: true)
    }

    /// See: ``ProcessEnvironment``
    /// - Throws: ``SystemCallFailure``, `EACCES` for somebody else's process and for one that is not dumpable.
    public func environment(_ pid: ProcessID) throws(SystemCallFailure) -> ProcessEnvironment? {
        try askLiving(pid, isNothing: { $0?.isEmpty != false }) { (pid) throws(SystemCallFailure) in
            try read(pid, "environ", expected: 16 << 10)
        }.map { ProcessEnvironment($0) }
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

    /// The first open file of a process that is wanted, in no order.
    ///
    /// See: proc_pid_fd(5)
    /// - Parameter descriptors: how many may be looked at; goes down by each that was. Zero afterwards: perhaps not all were.
    /// - Returns: its path; nil when there is none, the process is gone, or it may not be looked at.
    public func openFile(_ pid: ProcessID, descriptors: inout Int, where isWanted: (String) -> Bool) -> String? {
        do throws(SystemCallFailure) {
            let (holder, names) = try askLiving(pid, isNothing: { $0.1.isEmpty }) { (pid) throws(SystemCallFailure) in
                (pid, try DirectoryListing.names(path: "\(root)/\(pid)/fd"))
            }
            for name in names {
                guard descriptors > 0 else { return nil }
                descriptors -= 1
                // Sockets, pipes and the like have no path.
                if let file = readableLink(holder, "fd/\(name)"), file.hasPrefix("/"), isWanted(file) { return file }
            }
            return nil
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

    /// What a link in the process's directory names, such as `cwd`; nil when the process is gone.
    ///
    /// See: readlink(2)
    /// - Throws: ``SystemCallFailure``, `EACCES` for somebody else's process and for one that is not dumpable.
    public func link(_ pid: ProcessID, _ name: String) throws(SystemCallFailure) -> String? {
        try askLiving(pid, isNothing: { $0 == nil }) { (pid) throws(SystemCallFailure) in
            let path = "\(root)/\(pid)/\(name)"
            var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path, &bytes, bytes.count)
            guard count >= 0 else {
                if errno == ENOENT || errno == ESRCH { return nil }
                throw SystemCallFailure(call: "readlink", subject: path, errno: errno)
            }
            return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// What a link in the process's directory names, such as `cwd`; nil also when it may not be read.
    public func readableLink(_ pid: ProcessID, _ name: String) -> String? {
        do throws(SystemCallFailure) { return try link(pid, name) } catch { return nil }
    }

    /// Reads a file whose content the kernel makes in one piece; all of those of procfs that are read here are such.
    private func read<Result>(
        _ pid: ProcessID, _ name: StaticString, expected: Int = 1024,
        _ body: (UnsafeRawBufferPointer) throws(SystemCallFailure) -> Result
    ) throws(SystemCallFailure) -> Result? {
        do throws(SystemCallFailure) {
            return try open(pid, name).withContents(
                name: "\(root)/\(pid)/\(name)", isOneRecord: true, expected: expected, body)
        } catch {
            // ESRCH: the process ended between open and read.
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw error
        }
    }

    private func read(
        _ pid: ProcessID, _ name: StaticString, expected: Int = 1024
    ) throws(SystemCallFailure) -> [UInt8]? {
        try read(pid, name, expected: expected) { (bytes) in Array(bytes) }
    }

    /// Opens a file of a process. Its path is put together without a `String`: this runs for each process of the machine.
    private func open(_ pid: ProcessID, _ name: StaticString) throws(SystemCallFailure) -> OwnedFileDescriptor {
        // The longest number, two slashes and the NUL.
        let length = root.utf8.count + name.utf8CodeUnitCount + 14
        let raw = withUnsafeTemporaryAllocation(of: CChar.self, capacity: length) { path in
            var end = 0
            func append(_ byte: UInt8) {
                path[end] = CChar(bitPattern: byte)
                end += 1
            }
            for byte in root.utf8 { append(byte) }
            append(UInt8(ascii: "/"))
            let first = end
            var rest = pid.rawValue.magnitude
            repeat {
                append(UInt8(ascii: "0") + UInt8(rest % 10))
                rest /= 10
            } while rest > 0
            path[first..<end].reverse()
            append(UInt8(ascii: "/"))
            name.withUTF8Buffer { for byte in $0 { append(byte) } }
            append(0)
            var raw: CInt
            repeat { raw = Glibc.open(path.baseAddress!, O_RDONLY | O_CLOEXEC) } while raw < 0 && errno == EINTR
            return raw < 0 ? -errno : raw
        }
        guard raw >= 0 else { throw SystemCallFailure(call: "open", subject: "\(root)/\(pid)/\(name)", errno: -raw) }
        return OwnedFileDescriptor(adopting: raw)
    }
}
