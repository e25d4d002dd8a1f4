import CgroupPty
import Glibc

/// The mounts that this process sees.
struct MountTable: Sendable, Equatable {
    /// Where something is mounted, in the table's order.
    let mountPoints: [ByteString]

    /// Reads the text of `/proc/self/mountinfo`.
    ///
    /// The fifth word of a line is the mount point; blank, tab, newline and backslash in it are written as `\040` and so on.
    /// - SeeAlso: proc_pid_mountinfo(5); fs/proc_namespace.c, show_mountinfo; fs/seq_file.c, mangle_path
    init(mountinfo: [UInt8]) {
        mountPoints = mountinfo.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            return words.count > 4 ? Self.unescaped(words[4]) : nil
        }
    }

    /// Reads the mounts of this moment.
    /// - Throws: ``SystemCallFailure`` from `open` or `read`.
    static func current() throws(SystemCallFailure) -> MountTable {
        let path = "/proc/self/mountinfo"
        // A host of containers can have some 10,000 mounts of 300 bytes each.
        let text = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path, limit: 64 << 20)
        return MountTable(mountinfo: text)
    }

    /// Mount points at a real path or below it.
    func mountPoints(atOrBelow path: ByteString) -> [ByteString] {
        mountPoints.filter { $0.isAtOrBelow(path) }
    }

    private static func unescaped(_ word: ArraySlice<UInt8>) -> ByteString {
        var bytes: [UInt8] = []
        var rest = word
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) })
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return ByteString(bytes: bytes)
    }
}
