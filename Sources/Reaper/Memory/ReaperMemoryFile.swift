public import CgroupPty
import FoundationEssentials
import Glibc

/// Keeps a reaper's memory between runs of `corral-reaper`, in the runtime directory.
///
/// The file says for which boot and for which cgroup of the manager it holds. Any other is a memory of nothing, and so is a file that
/// cannot be understood: a guard begins anew, it is never shortened.
public struct ReaperMemoryFile: Sendable {
    private struct Content: Codable {
        var bootID: String
        var device: UInt64
        var inode: UInt64
        var memory: ReaperMemory
    }

    /// Absolute path of the file.
    public let path: String
    private let bootID: String
    private let manager: FileIdentity

    /// Names a file.
    /// - Parameters:
    ///   - path: in a directory of our own that does not outlast the boot. One writer at a time: whoever holds the index's lock.
    ///   - manager: the manager's cgroup.
    public init(path: String, bootID: String, manager: FileIdentity) {
        self.path = path
        self.bootID = bootID
        self.manager = manager
    }

    /// Reads the memory; one of nothing when there is no file, or one of another boot or manager.
    /// - Throws: ``SystemCallFailure`` from `open` or `read`, other than `ENOENT`.
    public func load() throws(SystemCallFailure) -> ReaperMemory {
        let bytes: [UInt8]
        do throws(SystemCallFailure) {
            bytes = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_NOFOLLOW)
                .readToEnd(name: path, limit: 64 << 20)
        } catch {
            if error.errno == ENOENT { return ReaperMemory() }
            throw error
        }
        do {
            let content = try JSONDecoder().decode(Content.self, from: Data(bytes))
            guard content.bootID == bootID, content.device == manager.device, content.inode == manager.inode else {
                return ReaperMemory()
            }
            return content.memory
        } catch {
            return ReaperMemory()
        }
    }

    /// Writes the memory in one step: a reader sees the old one or the new one.
    ///
    /// See: rename(2)
    /// - Throws: ``SystemCallFailure`` from `open`, `write` or `rename`; the old file stays then.
    public func store(_ memory: ReaperMemory) throws(SystemCallFailure) {
        let content = Content(bootID: bootID, device: manager.device, inode: manager.inode, memory: memory)
        let bytes: Data
        do {
            bytes = try JSONEncoder().encode(content)
        } catch {
            throw SystemCallFailure(call: "encode", subject: path, errno: EINVAL)
        }
        let draft = path + ".new"
        let file = try OwnedFileDescriptor.open(
            path: draft, flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o600)
        try file.writeAll(bytes, name: draft)
        try file.close()
        try retryingInterrupted("rename", draft) { rename(draft, path) }
    }
}
