internal import CSystemd
import Glibc

/// A cgroup, held open by its directory.
///
/// As long as it is held, its name cannot come to mean another cgroup; once it is removed, every file in it answers `ENODEV`
/// or `ENOENT`. We never write `cgroup.procs` (I6).
///
/// See: cgroup-v2.rst
public final class CgroupDirectory: Sendable {
    /// What `cgroup.events` says.
    public struct Events: Sendable, Equatable {
        /// Whether a live process is in this cgroup or below it.
        public let isPopulated: Bool
        /// Whether everything in it is frozen, by its own doing or an ancestor's.
        public let isFrozen: Bool

        /// Reads the file's bytes; nil when `populated` is missing or neither 0 nor 1.
        public init?(_ bytes: some Collection<UInt8>) {
            var populated: Bool?
            var frozen = false
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                if line.elementsEqual("populated 0".utf8) {
                    populated = false
                } else if line.elementsEqual("populated 1".utf8) {
                    populated = true
                } else if line.elementsEqual("frozen 1".utf8) {
                    frozen = true
                }
            }
            guard let populated else { return nil }
            isPopulated = populated
            isFrozen = frozen
        }
    }

    /// Where it lies below the cgroup mount, for messages.
    public let path: CgroupPath
    private let descriptor: OwnedFileDescriptor

    private init(_ descriptor: consuming OwnedFileDescriptor, path: CgroupPath) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens a cgroup below a mount of the unified hierarchy.
    /// - Throws: ``SystemCallFailure``; `EMEDIUMTYPE` when `mount` is no cgroup2 file system.
    public static func open(mount: String, _ path: CgroupPath) throws(SystemCallFailure) -> CgroupDirectory {
        let root = try OwnedFileDescriptor.open(path: mount, flags: O_RDONLY | O_DIRECTORY)
        var type: Int64 = 0
        let answer = root.withRawValue { corral_file_system_type($0, &type) }
        guard answer >= 0 else { throw SystemCallFailure(call: "fstatfs", subject: mount, errno: -answer) }
        let cgroup2: Int64 = 0x6367_7270  // linux/magic.h, CGROUP2_SUPER_MAGIC
        guard type == cgroup2 else { throw SystemCallFailure(call: "fstatfs", subject: mount, errno: EMEDIUMTYPE) }
        if path.components.isEmpty { return CgroupDirectory(root, path: path) }
        return CgroupDirectory(
            try root.open(path.relative, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path: path)
    }

    /// Any directory in place of a cgroup, for tests of what reads files.
    static func standIn(_ path: String) throws(SystemCallFailure) -> CgroupDirectory {
        CgroupDirectory(
            try .open(path: path, flags: O_RDONLY | O_DIRECTORY), path: CgroupPath(components: ["stand-in"]))
    }

    /// Opens a cgroup below this one.
    /// - Returns: nil when there is none. That is proof only while this cgroup itself is there: see ``CgroupGround``.
    public func child(_ relative: CgroupPath) throws(SystemCallFailure) -> CgroupDirectory? {
        do throws(SystemCallFailure) {
            let child = try descriptor.open(
                relative.components.isEmpty ? "." : relative.relative, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            return CgroupDirectory(child, path: path.appending(relative))
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return nil }
            throw error
        }
    }

    /// Device and inode, by which the cgroup can be recognised in this boot.
    public func identity() throws(SystemCallFailure) -> FileIdentity { try descriptor.identity(name: "\(path)") }

    /// Whether the cgroup is still there. Not by `cgroup.events`: the root of the hierarchy has none.
    public func isThere() throws(SystemCallFailure) -> Bool {
        try contents("cgroup.controllers", isOneRecord: true) { _ in true } ?? false
    }

    /// What `cgroup.events` says now; nil once the cgroup is removed.
    public func events() throws(SystemCallFailure) -> Events? {
        try contents("cgroup.events", isOneRecord: true) { (bytes) throws(SystemCallFailure) in
            guard let events = Events(bytes) else {
                throw SystemCallFailure(call: "read", subject: "\(path)/cgroup.events", errno: EBADMSG)
            }
            return events
        }
    }

    /// Names of the cgroups directly below; nil once the cgroup is removed.
    public func childNames() throws(SystemCallFailure) -> [String]? {
        do throws(SystemCallFailure) {
            let names =
                try hasChildren()
                ? DirectoryListing.names(
                    descriptor.open(".", flags: O_RDONLY | O_DIRECTORY), name: "\(path)", directoriesOnly: true)
                : []
            // A removed directory can still be opened by its descriptor, and lists nothing.
            if names.isEmpty {
                let isGone = try !isThere()
                return isGone ? nil : names
            }
            return names
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return nil }
            throw error
        }
    }

    /// Processes in this very cgroup; nil once it is removed.
    ///
    /// A threaded cgroup refuses `cgroup.procs` with `EOPNOTSUPP`: its processes are listed by its threaded domain, which
    /// lies above it in the same scope.
    public func ownMembers() throws(SystemCallFailure) -> [ProcessID]? {
        do throws(SystemCallFailure) {
            return try contents("cgroup.procs") { Self.processes(listedIn: $0) }
        } catch {
            if error.errno == EOPNOTSUPP { return [] }
            throw error
        }
    }

    /// What a `cgroup.procs` lists. 0 stands for a process outside our pid namespace.
    static func processes(listedIn bytes: UnsafeRawBufferPointer) -> [ProcessID] {
        bytes.split(separator: UInt8(ascii: "\n")).compactMap { ProcessID(digits: $0) }
    }

    /// Processes in this cgroup and below it, each once; empty once it is removed.
    public func members() throws(SystemCallFailure) -> [ProcessID] {
        // The order matters: who goes down into a cgroup that is made meanwhile was here before.
        let own = try ownMembers() ?? []
        guard try hasChildren() else { return own.sorted() }
        var found = Set(own)
        try forEachBelow { (cgroup) throws(SystemCallFailure) in found.formUnion(try cgroup.ownMembers() ?? []) }
        return found.sorted()
    }

    /// Goes through all cgroups below, but not into those that are excepted.
    func forEachBelow(
        except isExcepted: (CgroupPath) -> Bool = { _ in false },
        _ body: (CgroupDirectory) throws(SystemCallFailure) -> Void
    ) throws(SystemCallFailure) {
        // Depth first, so that only the way down is open, however many cgroups there are.
        var pending = [(cgroup: self, names: try terminatedChildNames())]
        while let last = pending.indices.last {
            guard let name = pending[last].names.popLast() else {
                pending.removeLast()
                continue
            }
            let cgroup = pending[last].cgroup
            guard !isExcepted(cgroup.path.appending(Self.text(name))),
                let child = try cgroup.child(terminatedName: name)
            else { continue }
            try body(child)
            pending.append((child, try child.terminatedChildNames()))
        }
    }

    /// Names of the cgroups directly below, as the file system has them: anybody may name a cgroup of his own, in any bytes.
    private func terminatedChildNames() throws(SystemCallFailure) -> [[CChar]] {
        do throws(SystemCallFailure) {
            guard try hasChildren() else { return [] }
            return try DirectoryListing.terminatedNames(
                descriptor.open(".", flags: O_RDONLY | O_DIRECTORY), name: "\(path)", directoriesOnly: true)
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return [] }
            throw error
        }
    }

    /// Whether there is a cgroup below, by the count of the directory's links: two, and one for each. A list of the directory costs
    /// more than all else that is read of a scope, since it has some seventy files.
    ///
    /// See: fstat(2); Linux fs/kernfs/inode.c, kernfs_refresh_inode
    public func hasChildren() throws(SystemCallFailure) -> Bool {
        var status = stat()
        try retryingInterrupted("fstat", "\(path)") { descriptor.withRawValue { fstat($0, &status) } }
        return status.st_nlink != 2
    }

    private static func text(_ terminatedName: [CChar]) -> String {
        String(decoding: terminatedName.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func child(terminatedName name: [CChar]) throws(SystemCallFailure) -> CgroupDirectory? {
        let text = Self.text(name)
        do throws(SystemCallFailure) {
            let raw = try retryingInterrupted("openat", text) {
                descriptor.withRawValue { openat($0, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
            }
            return CgroupDirectory(OwnedFileDescriptor(adopting: raw), path: path.appending(text))
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return nil }
            throw error
        }
    }

    /// Sends SIGKILL to everything in this cgroup and below it, also to what is being forked meanwhile.
    ///
    /// Only for slices and scopes of our own (I6).
    /// - Returns: false once the cgroup is removed.
    /// See: cgroup-v2.rst "cgroup.kill", Linux 5.14
    @discardableResult
    public func kill() throws(SystemCallFailure) -> Bool { try write("1", to: "cgroup.kill") }

    /// Undoes a freeze of this very cgroup; an ancestor's stays. Only for slices and scopes of our own (I6).
    /// - Returns: false once the cgroup is removed.
    @discardableResult
    public func thaw() throws(SystemCallFailure) -> Bool { try write("0", to: "cgroup.freeze") }

    /// Whether this very cgroup is to be frozen; an ancestor's freeze does not count.
    /// - Returns: false once the cgroup is removed.
    public func isFreezeWanted() throws(SystemCallFailure) -> Bool {
        try file("cgroup.freeze")?.first == UInt8(ascii: "1")
    }

    /// Sets one of our extended attributes: a hint for people and tools, never authority.
    public func setAttribute(_ name: String, _ value: String) throws(SystemCallFailure) {
        let bytes = Array(value.utf8)
        try retryingInterrupted("fsetxattr", "\(path) user.corral.\(name)") {
            descriptor.withRawValue { fsetxattr($0, "user.corral.\(name)", bytes, bytes.count, 0) }
        }
    }

    /// One of our extended attributes, nil when it is not set.
    public func attribute(_ name: String) throws(SystemCallFailure) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        do throws(SystemCallFailure) {
            let count = try retryingInterrupted("fgetxattr", "\(path) user.corral.\(name)") {
                descriptor.withRawValue { fgetxattr($0, "user.corral.\(name)", &bytes, bytes.count) }
            }
            return String(decoding: bytes[0..<count], as: UTF8.self)
        } catch {
            if error.errno == ENODATA || error.errno == ENODEV || error.errno == ENOENT { return nil }
            throw error
        }
    }

    /// Opens `cgroup.events`, to wait on; nil once the cgroup is removed.
    func openEvents() throws(SystemCallFailure) -> OwnedFileDescriptor? {
        do throws(SystemCallFailure) {
            return try descriptor.open("cgroup.events", flags: O_RDONLY)
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return nil }
            throw error
        }
    }

    /// Lends the open directory.
    func withRawDirectory<Answer>(_ body: (CInt) -> Answer) -> Answer { descriptor.withRawValue { body($0) } }

    /// The bytes of one of its files; nil when there is none of that name, or once the cgroup is removed.
    func file(_ name: String) throws(SystemCallFailure) -> [UInt8]? { try contents(name) { Array($0) } }

    private func contents<Result>(
        _ file: String, isOneRecord: Bool = false,
        _ body: (UnsafeRawBufferPointer) throws(SystemCallFailure) -> Result
    ) throws(SystemCallFailure) -> Result? {
        do throws(SystemCallFailure) {
            return try descriptor.open(file, flags: O_RDONLY)
                .withContents(name: "\(path)/\(file)", isOneRecord: isOneRecord, body)
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return nil }
            throw error
        }
    }

    private func write(_ text: String, to file: String) throws(SystemCallFailure) -> Bool {
        do throws(SystemCallFailure) {
            try descriptor.open(file, flags: O_WRONLY).writeAll(text.utf8, name: "\(path)/\(file)")
            return true
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return false }
            throw error
        }
    }
}
