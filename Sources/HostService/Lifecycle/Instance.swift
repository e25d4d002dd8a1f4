import CgroupPty
import Glibc
import SessionIndex

/// Proof that this process, and no other on this machine and in this boot, acts for the instance.
///
/// Three things must agree before anything is marked or killed, or the start is refused with the reason: the writer's lock
/// beside the index; the claim in the manager's runtime directory, which names the one index that owns the instance in this boot; and
/// the facts in the index (machine, manager, and for this boot the manager's cgroup). A state directory that was copied, that
/// lies on a shared home, or that is seen from another cgroup namespace fails one of them.
struct Instance: Sendable {
    /// Why the start is refused.
    struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        let description: String
    }

    let id: InstanceID
    let index: Index
    /// Held for as long as this process lives.
    private let lock: IndexLock
    private let claim: SharedDescriptor

    /// Keeps a descriptor, and the lock on it, in a copyable value.
    private final class SharedDescriptor: Sendable {
        let descriptor: OwnedFileDescriptor
        init(_ descriptor: consuming OwnedFileDescriptor) { self.descriptor = descriptor }
    }

    /// What a reaper's one pass is waited for.
    private static let reaperPatience = Duration.seconds(60)
    /// What a holder is waited for that cannot be told: it has just come, and writes its number, or just gone.
    private static let strangerPatience = Duration.seconds(5)

    /// Takes the instance over. A `corral-reaper` that has it is waited for; a host is not.
    /// - Throws: ``Refusal``; or ``IndexFailure``, `.locked` when another host has it, or a reaper for longer than a minute.
    static func take(
        _ configuration: HostConfiguration, facts: InstanceFacts, procfs: Procfs, monitor: ReadinessMonitor
    ) async throws -> Instance {
        try configuration.makeDirectories()
        let lock = try await lock(configuration.stateDirectory, procfs, monitor, until: .after(reaperPatience))
        let id = try readOrMakeID(configuration.stateDirectory)
        let index = try await Index.open(directory: configuration.stateDirectory)
        let claim = try claimInstance(id, configuration)
        try await compare(facts, with: index, configuration)
        return Instance(id: id, index: index, lock: lock, claim: claim)
    }

    /// Who has the lock of an index.
    private enum Holder {
        case reaper(Pidfd)
        /// A host, which goes on for as long as it likes.
        case other
        /// Its number is not there yet, or is that of one who has gone.
        case unknown
    }

    private static func lock(
        _ directory: String, _ procfs: Procfs, _ monitor: ReadinessMonitor, until deadline: Deadline
    ) async throws(IndexFailure) -> IndexLock {
        var hasWaitedForStranger = false
        while true {
            let failure: IndexFailure
            do throws(IndexFailure) {
                return try IndexLock.acquire(directory: directory)
            } catch {
                failure = error
            }
            guard case .locked(_, let pid) = failure, !deadline.hasPassed else { throw failure }
            switch holder(pid, procfs) {
            case .other: throw failure
            case .reaper(let pidfd): try await wait(for: pidfd, monitor, failure, until: deadline)
            case .unknown:
                if hasWaitedForStranger { throw failure }
                hasWaitedForStranger = true
                if let lock = await wait(directory, until: min(deadline, .after(strangerPatience))) { return lock }
            }
        }
    }

    private static func holder(_ pid: ProcessID?, _ procfs: Procfs) -> Holder {
        do throws(SystemCallFailure) {
            guard let pid, let pidfd = try Pidfd.open(pid), let stat = try procfs.stat(pid), try !pidfd.hasExited()
            else { return .unknown }
            return stat.command == "corral-reaper" ? .reaper(pidfd) : .other
        } catch {
            // It is there and cannot be looked at. That it has the lock is known.
            return .other
        }
    }

    private static func wait(
        for reaper: Pidfd, _ monitor: ReadinessMonitor, _ failure: IndexFailure, until deadline: Deadline
    ) async throws(IndexFailure) {
        do throws(SystemCallFailure) {
            _ = try await reaper.waitForExit(monitor, until: deadline)
        } catch {
            throw failure
        }
    }

    /// Takes the lock as soon as the kernel gives it; nil when it has not by the deadline.
    private static func wait(_ directory: String, until deadline: Deadline) async -> IndexLock? {
        await BlockingExecutor(label: "corral.lock").run(until: deadline) { () -> IndexLock? in
            do throws(IndexFailure) { return try IndexLock.wait(directory: directory) } catch { return nil }
        } ?? nil
    }

    /// The instance's id, without taking it over: for whoever only wants to ask. Nil before the first start.
    static func peekID(_ stateDirectory: String) throws -> InstanceID? {
        do throws(SystemCallFailure) {
            return try readID(stateDirectory + "/instance")
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    private static func readOrMakeID(_ directory: String) throws -> InstanceID {
        // The lock makes us the only ones who try, and an id that is there stays.
        if let id = try recordedID(directory) { return id }
        let path = directory + "/instance"
        let draft = path + ".new"
        let id = InstanceID.mint()
        let file = try OwnedFileDescriptor.open(path: draft, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        try file.writeAll("\(id)\n".utf8, name: draft)
        try retryingInterrupted("fsync", draft) { file.withRawValue { fsync($0) } }
        try retryingInterrupted("rename", path) { rename(draft, path) }
        return id
    }

    /// The instance's id, of which a start is certain; nil before the first one.
    /// - Throws: ``Refusal`` when it is gone or damaged, ``SystemCallFailure`` when it cannot be read.
    static func recordedID(_ directory: String) throws -> InstanceID? {
        let path = directory + "/instance"
        if access(path, F_OK) != 0 {
            guard errno == ENOENT else { throw SystemCallFailure(call: "access", subject: path, errno: errno) }
            // Another id over this index would make everything that lives somebody else's: it could be neither kept nor ended.
            if access(directory + "/index.db", F_OK) == 0 {
                throw Refusal(
                    description:
                        "read \(path): it is gone, and \(directory)/index.db is not; its eight digits are in the names of the units that run (systemctl list-units 'corral-*'): write them there, or move the index away; nothing was started"
                )
            }
            return nil
        }
        if let id = try readID(path) { return id }
        throw Refusal(
            description:
                "read \(path): it does not hold eight hexadecimal digits; without them own and foreign scopes cannot be told apart; nothing was started"
        )
    }

    private static func readID(_ path: String) throws(SystemCallFailure) -> InstanceID? {
        // Not to wait for a writer, where somebody has put a FIFO there.
        let bytes = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_NONBLOCK).readToEnd(name: path)
        return InstanceID(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// Takes the claim back once nothing lives that it could keep from a copy of the index. Otherwise it stays for this boot.
    func release(_ ground: CgroupGround, _ configuration: HostConfiguration) {
        guard isDeserted(ground) else { return }
        unlink(Self.claimPath(id, configuration))
    }

    /// Whether nothing lives in the instance's slice. systemd takes it away a moment after its last scope; until then it is empty.
    private func isDeserted(_ ground: CgroupGround) -> Bool {
        switch ground.look(SliceName.instance(id).path) {
        case .absent: return true
        case .unknown: return false
        case .found(let slice):
            do throws(SystemCallFailure) {
                guard let events = try slice.events() else { return isDeserted(ground) }
                return !events.isPopulated
            } catch {
                return false
            }
        }
    }

    /// Not in the directory that a person chose: a copy of the state would be given another one, and meet no claim.
    private static func claimPath(_ id: InstanceID, _ configuration: HostConfiguration) -> String {
        "\(configuration.claimDirectory)/\(id).claim"
    }

    /// The file names the index by device and inode, and goes with the boot at the latest.
    private static func claimInstance(_ id: InstanceID, _ configuration: HostConfiguration) throws -> SharedDescriptor {
        let path = claimPath(id, configuration)
        let database = configuration.stateDirectory + "/index.db"
        let mine = try identity(of: database)
        let file = try OwnedFileDescriptor.open(
            path: path, flags: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
        let isLocked = file.withRawValue { flock($0, LOCK_EX | LOCK_NB) } == 0
        let text = String(decoding: try file.readToEnd(name: path), as: UTF8.self)
        guard isLocked else {
            throw Refusal(description: "take instance \(id): another process holds \(path); nothing was started")
        }
        if text.isEmpty {
            try file.writeAll("\(mine)\n".utf8, name: path)
        } else if let refusal = refusal(of: id, claim: text, path, database, mine) {
            throw refusal
        }
        return SharedDescriptor(file)
    }

    /// Looks whether the claim would be this index's, and changes nothing.
    /// - Throws: ``Refusal``, or ``SystemCallFailure`` when it cannot be looked at.
    static func lookAtClaim(_ id: InstanceID, _ configuration: HostConfiguration) throws {
        let path = claimPath(id, configuration)
        let text: String
        do throws(SystemCallFailure) {
            let file = try OwnedFileDescriptor.open(path: path, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK)
            text = String(decoding: try file.readToEnd(name: path), as: UTF8.self)
        } catch {
            if error.errno == ENOENT { return }
            throw error
        }
        if text.isEmpty { return }
        let database = configuration.stateDirectory + "/index.db"
        if let refusal = refusal(of: id, claim: text, path, database, try identity(of: database)) { throw refusal }
    }

    private static func refusal(
        of id: InstanceID, claim text: String, _ path: String, _ database: String, _ mine: FileIdentity
    ) -> Refusal? {
        guard text != "\(mine)\n" else { return nil }
        return Refusal(
            description:
                "take instance \(id): in this boot it belongs to another index (\(text.trimmingNewline)), and \(database) is \(mine): a copied or replaced state directory; nothing was marked or killed. If this index is the right one, remove \(path)"
        )
    }

    /// The index's file, which is no link.
    private static func identity(of database: String) throws(SystemCallFailure) -> FileIdentity {
        // Not by a descriptor: its close would drop the locks that SQLite has on the file for this process, and whoever reads the index
        // next, a backup for instance, would take itself for the last one and remove the log that this process goes on writing.
        // See: https://www.sqlite.org/howtocorrupt.html, 2.2
        var status = stat()
        try retryingInterrupted("lstat", database) { lstat(database, &status) }
        guard status.st_mode & S_IFMT != S_IFLNK else {
            throw SystemCallFailure(call: "use as the index", subject: database, errno: ELOOP)
        }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// Why an index of another machine, manager or cgroup namespace is refused; nil for one of this place.
    static func refusal(of before: InstanceFacts, _ now: InstanceFacts, _ place: String) -> Refusal? {
        if before.machineID != now.machineID {
            return Refusal(
                description:
                    "use \(place): it belongs to machine \(before.machineID), and this is \(now.machineID); nothing was marked or killed"
            )
        }
        if before.manager != now.manager {
            return Refusal(
                description:
                    "use \(place): it belongs to the \(before.manager) manager, and this is the \(now.manager) manager; nothing was marked or killed"
            )
        }
        // Same boot, another namespace: its cgroups cannot be seen from here, so absence would prove nothing. A manager
        // that was restarted in the same namespace has a new cgroup too, but there the old one is truly gone.
        if before.bootID == now.bootID, before.cgroupNamespace != now.cgroupNamespace, before.cgroup != now.cgroup {
            return Refusal(
                description:
                    "use \(place): in this boot it was used from another cgroup namespace (manager's cgroup \(before.cgroup), here \(now.cgroup)); nothing was marked or killed"
            )
        }
        return nil
    }

    private static func compare(
        _ now: InstanceFacts, with index: Index, _ configuration: HostConfiguration
    ) async throws {
        if let before = try await index.facts(), let refusal = refusal(of: before, now, configuration.stateDirectory) {
            throw refusal
        }
        // A disk that is full must not keep a host away that has nothing to write.
        if try await index.facts() != now { try await index.setFacts(now) }
    }
}

extension String {
    fileprivate var trimmingNewline: Substring { hasSuffix("\n") ? dropLast() : self[...] }
}
