import CgroupPty
import Glibc

/// The socket that clients reach the service on: a Unix stream socket, bound, listening, and private from its first
/// moment.
///
/// Nobody but the owner can connect, and there is no moment in which anybody else could: the mode is set on the
/// socket before it has a name. `unix_bind` gives the new file the mode of the socket's own inode, so that no umask
/// (which the whole process shares) has to be changed for it.
///
/// A socket file that is there already is removed only if it is a socket and a connect to it was refused, that is
/// when no process listens on it.
///
/// - SeeAlso: unix(7); Linux v6.1 net/unix/af_unix.c, unix_bind_bsd
enum ListeningSocket {
    /// Clients that may wait to be accepted. The kernel makes others wait, or refuses them if they do not block.
    static let backlog: CInt = 256

    /// Binds a socket at a path and listens.
    ///
    /// - Parameter path: Absolute; its directory exists.
    /// - Returns: A socket that does not block and is closed on exec.
    /// - Throws: ``ListeningSocketFailure``.
    /// - Precondition: The caller holds the instance's lock, so that no other Corral binds or removes the path
    ///   meanwhile.
    static func bind(path: String) throws(ListeningSocketFailure) -> OwnedFileDescriptor {
        guard let address = UnixSocketAddress(path: path) else {
            throw .pathUnusable(path: path, bytes: path.utf8.count)
        }
        let socket = try streamSocket(path)
        // See: fchmod(2)
        try orThrow(attempt("fchmod", path, socket) { fchmod($0, 0o600) })
        if try !bind(socket, to: address, path) {
            try removeStaleFile(address, path)
            // In use again: somebody bound here since, which the lock rules out for a Corral.
            guard try bind(socket, to: address, path) else { throw .inUse(path: path) }
        }
        // See: listen(2)
        try orThrow(attempt("listen", path, socket) { Glibc.listen($0, backlog) })
        return socket
    }

    /// Takes over a socket that somebody else bound, as systemd does for `corral.socket`.
    ///
    /// See: sd_listen_fds(3), socket(7) `SO_ACCEPTCONN`
    /// - Returns: The same socket, closed on exec from now on.
    /// - Throws: ``ListeningSocketFailure/notListening(descriptor:)`` for anything but a listening Unix stream socket.
    static func adopt(_ descriptor: consuming OwnedFileDescriptor) throws(ListeningSocketFailure) -> OwnedFileDescriptor
    {
        let name = descriptor.withRawValue { "descriptor \($0)" }
        try orThrow(attempt("fcntl(F_SETFD)", name, descriptor) { fcntl($0, F_SETFD, FD_CLOEXEC) })
        guard option(SO_DOMAIN, of: descriptor) == AF_UNIX,
            option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue),
            option(SO_ACCEPTCONN, of: descriptor) == 1
        else { throw .notListening(descriptor: name) }
        return descriptor
    }

    /// Whether clients that connect to a path reach a socket: the file there is the one that it was bound to.
    ///
    /// The path that it was bound to does not tell: the file may have been removed since, and another socket bound there, which is
    /// what systemd does at the start of a socket unit. Whoever serves the old one then is reached by nobody.
    ///
    /// Where the kernel cannot tell the file (without its module `unix_diag`) the path has to do.
    ///
    /// See: sock_diag(7), getsockname(2), lstat(2)
    static func isReachable(_ socket: borrowing OwnedFileDescriptor, at path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        do throws(SystemCallFailure) {
            return try socket.boundInode(name: path) == UInt32(truncatingIfNeeded: status.st_ino)
        } catch {
            return isBound(socket, to: path)
        }
    }

    // MARK: Steps

    private static func isBound(_ socket: borrowing OwnedFileDescriptor, to path: String) -> Bool {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let failure = attempt("getsockname", path, socket) { raw in
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &size) }
            }
        }
        let bound = withUnsafeBytes(of: address.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return failure == nil && bound == path
    }

    private static func streamSocket(_ path: String) throws(ListeningSocketFailure) -> OwnedFileDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        do {
            // See: socket(2)
            return OwnedFileDescriptor(adopting: try retryingInterrupted("socket", path) { socket(AF_UNIX, type, 0) })
        } catch {
            throw .system(error)
        }
    }

    /// See: bind(2)
    /// - Returns: False when something is at the path.
    private static func bind(
        _ socket: borrowing OwnedFileDescriptor, to address: UnixSocketAddress, _ path: String
    ) throws(ListeningSocketFailure) -> Bool {
        let failure = attempt("bind", path, socket) { raw in address.withPointer { Glibc.bind(raw, $0, $1) } }
        if failure?.errno == EADDRINUSE { return false }
        try orThrow(failure)
        return true
    }

    /// Removes the file of a socket that no process listens on.
    ///
    /// A connect to a file that is no socket is refused too, so its type is looked at first. A full backlog
    /// (`EAGAIN`) is a living server's.
    ///
    /// See: lstat(2), connect(2), unlink(2)
    private static func removeStaleFile(
        _ address: UnixSocketAddress, _ path: String
    ) throws(ListeningSocketFailure) {
        let probe = try streamSocket(path)
        var status = stat()
        if let failure = attempt("lstat", path, probe, { _ in lstat(path, &status) }) {
            if failure.errno == ENOENT { return }
            throw .system(failure)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .occupied(path: path) }

        let refusal = attempt("connect", path, probe) { raw in address.withPointer { connect(raw, $0, $1) } }
        switch refusal?.errno {
        case nil, EAGAIN: throw .inUse(path: path)
        case ENOENT: return
        case ECONNREFUSED: break
        case .some: try orThrow(refusal)
        }
        let failure = attempt("unlink", path, probe) { _ in unlink(path) }
        if failure?.errno != ENOENT { try orThrow(failure) }
    }

    private static func option(_ name: CInt, of socket: borrowing OwnedFileDescriptor) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        let failure = attempt("getsockopt", "a socket", socket) { getsockopt($0, SOL_SOCKET, name, &value, &size) }
        return failure == nil ? value : nil
    }

    /// Makes a call on a socket.
    /// - Returns: How it failed, nil when it did not.
    private static func attempt(
        _ call: String, _ subject: String, _ socket: borrowing OwnedFileDescriptor, _ body: (CInt) -> CInt
    ) -> SystemCallFailure? {
        socket.withRawValue { raw -> SystemCallFailure? in
            do throws(SystemCallFailure) {
                try retryingInterrupted(call, subject) { body(raw) }
                return nil
            } catch {
                return error
            }
        }
    }

    private static func orThrow(_ failure: SystemCallFailure?) throws(ListeningSocketFailure) {
        if let failure { throw .system(failure) }
    }
}
