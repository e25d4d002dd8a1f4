import Glibc

/// A connection to a host's socket on this machine, as a plain descriptor.
public enum HostSocket {
    /// What `corral dial-stdio` says on stderr once it is connected: from then on what it is given goes to the host.
    public static let greeting = "corral: connected to the host's socket"

    /// Connects, without waiting.
    /// - Returns: the connection, non-blocking, which the caller owns; nil while the host's queue of connections is full: a Unix
    ///   socket answers `EAGAIN` where TCP would wait.
    /// - Throws: ``HostClientFailure/unreachable(path:why:)``, with the kernel's words.
    ///
    /// See: connect(2)
    public static func connect(path: String) throws(HostClientFailure) -> CInt? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .unreachable(path: path, why: "the path is longer than the 107 bytes that a socket's can have")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(AF_UNIX, kind, 0)
        guard socket >= 0 else { throw .unreachable(path: path, why: String(cString: strerror(errno))) }
        while true {
            let answer = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if answer == 0 { return socket }
            let code = errno
            if code == EINTR { continue }
            close(socket)
            if code == EAGAIN { return nil }
            throw .unreachable(path: path, why: String(cString: strerror(code)))
        }
    }
}
