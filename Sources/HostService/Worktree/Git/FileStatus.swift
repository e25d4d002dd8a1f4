import CgroupPty
import Glibc

/// What lstat(2) and fstat(2) say of a file, as far as a worktree's end depends on it.
struct FileStatus: Sendable, Equatable {
    /// The kinds that are told apart.
    enum Kind: Sendable, Equatable {
        case directory, regular, symbolicLink, other
    }

    /// What it is.
    let kind: Kind
    /// Which file it is.
    let identity: FileIdentity
    /// User who owns it.
    let owner: UInt32
    /// Permission bits, with the set-id bits and the sticky bit.
    let mode: UInt32

    /// Takes over what the kernel filled in.
    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFREG: .regular
            case S_IFLNK: .symbolicLink
            default: .other
            }
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        owner = status.st_uid
        mode = status.st_mode & 0o7777
    }
}

extension OwnedFileDescriptor {
    /// Kind, identity, owner and mode of the open file.
    ///
    /// See: fstat(2)
    borrowing func status(name: String) throws(SystemCallFailure) -> FileStatus {
        let raw = withRawValue { $0 }
        var status = stat()
        try retryingInterrupted("fstat", name) { fstat(raw, &status) }
        return FileStatus(status)
    }
}
