import CgroupPty
import Glibc

/// Deletes a directory with all that is in it, and nothing that is not.
///
/// Every step starts at an open directory, follows no link and crosses no mount, also not a bind mount of the same file system;
/// another device is not entered. It goes on past what it cannot delete. Memory and descriptors do not grow with the tree: at
/// ``depthLimit`` a directory is moved up to the top, to be met there again.
struct TreeDeletion: ~Copyable {
    /// How it ended.
    enum Outcome: Sendable, Equatable {
        /// All of it is gone.
        case deleted(DeletionReport)
        /// Something is left; calling again tries it again.
        case incomplete(DeletionReport)
        /// There is nothing of that name.
        case absent
        /// Another directory has the name. Nothing was touched.
        case refused(RemovalRefusal)
    }

    /// Directories that are open at once: two descriptors each.
    static let depthLimit = 32
    /// Some file systems skip entries when others are deleted meanwhile. Each new reading must have deleted something; the limit
    /// is for a directory that somebody keeps filling.
    private static let rereadLimit = 64

    /// A directory on the way down.
    private final class Level {
        let name: ByteString
        let directory: OwnedFileDescriptor
        let stream: DirectoryStream
        var hasFailed = false
        var hasRemoved = false
        var rereads = 0

        init(_ name: ByteString, _ directory: consuming OwnedFileDescriptor, label: String) throws(SystemCallFailure) {
            self.name = name
            stream = try DirectoryStream(adopting: directory.duplicate(), name: label)
            self.directory = directory
        }
    }

    private let device: UInt64
    private let label: String
    private var levels: [Level] = []
    private var report = DeletionReport()
    private var moved = 0

    /// Deletes an entry of a directory.
    /// - Parameters:
    ///   - inode: Required of the entry, nil when its name is proof enough.
    ///   - label: The entry as failures name it.
    ///   - shouldGoOn: Asked at every entry; after false all is left as it is.
    /// - Throws: ``SystemCallFailure`` when the entry is no directory or cannot be opened.
    static func delete(
        _ name: ByteString, in parent: borrowing OwnedFileDescriptor, inode: UInt64?, label: String,
        while shouldGoOn: () -> Bool
    ) throws(SystemCallFailure) -> Outcome {
        do throws(SystemCallFailure) {
            let entry = try parent.openBeneath(name, flags: O_PATH | O_DIRECTORY, subject: label)
            let status = try entry.status(name: label)
            if let inode, status.identity.inode != inode {
                return .refused(.trashNameTaken(found: status.identity))
            }
            var deletion = TreeDeletion(device: status.identity.device, label: label)
            return try deletion.run(name, entry, in: parent, shouldGoOn)
        } catch {
            if error.errno == ENOENT { return .absent }
            throw error
        }
    }

    private init(device: UInt64, label: String) {
        self.device = device
        self.label = label
    }

    private mutating func run(
        _ name: ByteString, _ entry: borrowing OwnedFileDescriptor, in parent: borrowing OwnedFileDescriptor,
        _ shouldGoOn: () -> Bool
    ) throws(SystemCallFailure) -> Outcome {
        while true {
            let before = report.files + report.directories + moved
            report.forgetFailures()
            levels = [try Level(name, Self.readable(entry, label: label), label: label)]
            while !levels.isEmpty {
                guard shouldGoOn() else {
                    report.wasStopped = true
                    levels = []
                    return .incomplete(report)
                }
                advance()
            }
            let code = parent.unlinkEntry(name, isDirectory: true)
            if code == 0 {
                report.directories += 1
                return .deleted(report)
            }
            if report.files + report.directories + moved == before {
                if report.failureCount == 0 { add("rmdir", label, code) }
                return .incomplete(report)
            }
        }
    }

    /// Deals with one entry of the deepest open directory, or leaves that directory at its end.
    private mutating func advance() {
        let level = levels[levels.count - 1]
        do throws(SystemCallFailure) {
            if let entry = try level.stream.next() {
                remove(entry, in: level)
                return
            }
        } catch {
            report.add(failure: error.description)
            level.hasFailed = true
        }
        leave(level)
    }

    private mutating func leave(_ level: Level) {
        guard levels.count > 1 else {
            levels = []
            return
        }
        let parent = levels[levels.count - 2]
        let code = parent.directory.unlinkEntry(level.name, isDirectory: true)
        if code == ENOTEMPTY || code == EEXIST, !level.hasFailed, level.hasRemoved, level.rereads < Self.rereadLimit {
            level.rereads += 1
            level.hasRemoved = false
            level.stream.rewind()
            return
        }
        if code == 0 {
            report.directories += 1
            parent.hasRemoved = true
        } else {
            // Where something in it could not be removed, that has been said.
            if !level.hasFailed { add("rmdir", path(), code) }
            parent.hasFailed = true
        }
        levels.removeLast()
    }

    private mutating func remove(_ entry: DirectoryStream.Entry, in level: Level) {
        if entry.isDirectory != true {
            let code = level.directory.unlinkEntry(entry.name)
            if code == 0 {
                report.files += 1
                level.hasRemoved = true
                return
            }
            // EPERM is also what some file systems answer for a directory.
            guard code == EISDIR || code == EPERM && entry.isDirectory == nil else {
                fail("unlink", entry.name, code, level)
                return
            }
        }
        do throws(SystemCallFailure) {
            try enter(entry.name, in: level)
        } catch {
            switch error.errno {
            case ENOENT: return
            case ENOTDIR, ELOOP:
                // It has become something else since it was listed.
                let code = level.directory.unlinkEntry(entry.name)
                if code != 0 { return fail("unlink", entry.name, code, level) }
                report.files += 1
                level.hasRemoved = true
            default: fail(error.call, entry.name, error.errno, level)
            }
        }
    }

    private mutating func enter(_ name: ByteString, in level: Level) throws(SystemCallFailure) {
        let entry = try level.directory.openBeneath(name, flags: O_PATH | O_DIRECTORY, subject: "")
        let status = try entry.status(name: "")
        guard status.identity.device == device else {
            throw SystemCallFailure(call: "enter", subject: "", errno: EXDEV)
        }
        let directory = try Self.readable(entry, status, label: "")
        if levels.count == Self.depthLimit {
            let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            try level.directory.renameEntry(
                name, to: levels[0].directory, ByteString("corral-deep-" + random), subject: "")
            moved += 1
            level.hasRemoved = true
            return
        }
        levels.append(try Level(name, directory, label: path() + "/\(name)"))
    }

    /// Opens a directory for reading, after it was made usable for its owner: only then can its entries be removed.
    private static func readable(
        _ entry: borrowing OwnedFileDescriptor, _ known: FileStatus? = nil, label: String
    ) throws(SystemCallFailure) -> OwnedFileDescriptor {
        let status = if let known { known } else { try entry.status(name: label) }
        // Where this is not allowed, reading or removing will fail and say so.
        if status.mode & 0o700 != 0o700 { _ = entry.addMode(0o700) }
        return try entry.openBeneath(".", flags: O_RDONLY | O_DIRECTORY, subject: label)
    }

    private mutating func fail(_ call: String, _ name: ByteString, _ code: CInt, _ level: Level) {
        level.hasFailed = true
        add(call, path() + "/\(name)", code)
    }

    private mutating func add(_ call: String, _ path: String, _ code: CInt) {
        report.add(failure: SystemCallFailure(call: call, subject: path, errno: code).description)
    }

    private func path() -> String {
        ([label] + levels.dropFirst().map(\.name.description)).joined(separator: "/")
    }
}
