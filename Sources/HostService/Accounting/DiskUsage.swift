import CgroupPty
import Glibc

/// How much of a disk the files below a directory take, as `du` counts it: blocks, each file once, no other file system.
///
/// No link is followed. Memory grows only with files that have several names, and with directories in each other.
struct DiskUsage: Sendable, Equatable {
    /// Bytes of the blocks that are taken.
    private(set) var bytes: Int64 = 0
    /// Files and directories that were counted.
    private(set) var entries: Int64 = 0
    /// Why it is not all; nil when it is.
    private(set) var reason: String?

    /// Files with several names that are remembered at most; further ones count once for each name (I8).
    private static let nameLimit = 1_000_000
    /// Directories in each other that are entered. Each holds a descriptor.
    private static let depthLimit = 128

    /// Counts.
    /// - Parameters:
    ///   - identity: What the directory must be; another one, or a link, that lies in its place is not counted. Nil for any directory.
    ///   - shouldGoOn: Asked at every entry; after false the count ends.
    static func count(
        _ path: String, identity: FileIdentity? = nil, until deadline: Deadline, while shouldGoOn: () -> Bool
    ) -> DiskUsage {
        var usage = DiskUsage()
        var seen: Set<UInt64> = []
        do throws(SystemCallFailure) {
            let top = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            if let identity, try top.identity(name: path) != identity {
                usage.reason = "\(path): another directory lies in its place"
                return usage
            }
            var status = stat()
            try retryingInterrupted("fstat", path) { top.withRawValue { fstat($0, &status) } }
            usage.add(status, &seen)
            let device = status.st_dev
            var levels = [try Level(top)]
            while let level = levels.last {
                guard shouldGoOn() else {
                    usage.reason = "the count was given up"
                    return usage
                }
                if deadline.hasPassed {
                    usage.reason = "it took too long"
                    return usage
                }
                guard let name = level.next() else {
                    levels.removeLast()
                    continue
                }
                guard level.status(of: name, &status) else { continue }
                if status.st_dev != device { continue }
                usage.add(status, &seen)
                guard status.st_mode & S_IFMT == S_IFDIR else { continue }
                if levels.count == depthLimit {
                    usage.reason = "directories lie more than \(depthLimit) deep"
                } else if let child = level.enter(name) {
                    levels.append(child)
                } else {
                    usage.reason = usage.reason ?? "\(path): a directory in it cannot be read"
                }
            }
        } catch {
            usage.reason = "\(error)"
        }
        return usage
    }

    private mutating func add(_ status: stat, _ seen: inout Set<UInt64>) {
        if status.st_nlink > 1, status.st_mode & S_IFMT != S_IFDIR, seen.count < Self.nameLimit {
            guard seen.insert(UInt64(status.st_ino)).inserted else { return }
        }
        entries += 1
        bytes += Int64(status.st_blocks) * 512
    }

    /// A directory on the way down.
    private final class Level {
        private let directory: OwnedFileDescriptor
        private let stream: DirectoryStream

        init(_ directory: consuming OwnedFileDescriptor) throws(SystemCallFailure) {
            stream = try DirectoryStream(adopting: directory.duplicate(), name: "")
            self.directory = directory
        }

        /// The next name; nil at the end, and where reading goes no further.
        func next() -> ByteString? {
            do throws(SystemCallFailure) { return try stream.next()?.name } catch { return nil }
        }

        /// Fills in what the kernel says of an entry; false when it is gone.
        func status(of name: ByteString, _ status: inout stat) -> Bool {
            directory.withRawValue { raw in
                name.withCString { fstatat(raw, $0, &status, AT_SYMLINK_NOFOLLOW) == 0 }
            }
        }

        func enter(_ name: ByteString) -> Level? {
            do throws(SystemCallFailure) {
                return try Level(directory.openBeneath(name, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, subject: ""))
            } catch {
                return nil
            }
        }
    }
}
