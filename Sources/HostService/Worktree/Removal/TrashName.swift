/// Name of a worktree in the trash: `<workspace>-<inode>-<random>`, the numbers in hexadecimal digits.
///
/// It is chosen and recorded before anything is moved (I7). It carries the inode, so that a deletion that is taken up again
/// with nothing but the name still deletes only the directory that was moved.
struct TrashName: Sendable, Hashable, CustomStringConvertible {
    /// The name as it is on disk.
    let rawValue: String
    /// Inode of the directory that the name is for.
    let inode: UInt64

    /// Chooses a new name.
    init(workspace: String, inode: UInt64) {
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let padded = String(repeating: "0", count: 16 - random.count) + random
        self.inode = inode
        rawValue = "\(workspace)-\(String(inode, radix: 16))-\(padded)"
    }

    /// Reads a name that was recorded or found; nil for any other text.
    init?(_ rawValue: String) {
        let parts = rawValue.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let inode = UInt64(parts[1], radix: 16), parts[2].count == 16,
            parts[0].utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ".") && $0 != 0 }),
            UInt64(parts[2], radix: 16) != nil
        else { return nil }
        self.rawValue = rawValue
        self.inode = inode
    }

    /// The name as it is on disk.
    var description: String { rawValue }
    /// The name for the kernel.
    var bytes: ByteString { ByteString(rawValue) }
}
