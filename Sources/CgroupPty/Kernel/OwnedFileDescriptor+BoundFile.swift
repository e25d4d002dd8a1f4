internal import CSystemd
import Glibc

extension OwnedFileDescriptor {
    /// The file that a Unix socket was bound to: its inode number, of which the kernel tells the lower 32 bits.
    ///
    /// It stays what it is when the file's name goes, or becomes another file's; and no other file of that file system has the number while
    /// the socket is open.
    ///
    /// See: sock_diag(7), `UDIAG_SHOW_VFS`
    /// - Parameter name: the socket's, for the failure.
    /// - Throws: ``SystemCallFailure``: `ENODATA` for a socket that has no file; others where the kernel cannot tell.
    public borrowing func boundInode(name: String) throws(SystemCallFailure) -> UInt32 {
        var inode: UInt32 = 0
        let answer = withRawValue { corral_bound_inode($0, &inode) }
        guard answer >= 0 else { throw SystemCallFailure(call: "sock_diag", subject: name, errno: -answer) }
        return inode
    }
}
