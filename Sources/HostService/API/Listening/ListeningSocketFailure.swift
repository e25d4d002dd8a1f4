import CgroupPty

/// Why there is no socket to serve on.
enum ListeningSocketFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// `sun_path` holds 107 bytes and a NUL.
    case pathUnusable(path: String, bytes: Int)
    /// Something that is not a socket, or not one that we may remove, lies at the path.
    case occupied(path: String)
    /// A server answers there.
    case inUse(path: String)
    /// The descriptor handed to us is no listening Unix stream socket.
    case notListening(descriptor: String)
    case system(SystemCallFailure)

    /// What was tried, on what, the answer, the consequence.
    var description: String {
        switch self {
        case .pathUnusable(let path, let bytes):
            "bind \(path): the path has \(bytes) bytes and a socket's path has 1 to \(UnixSocketAddress.longestPath), "
                + "none of them NUL; nothing was bound"
        case .occupied(let path):
            "bind \(path): something that is not a socket is there; it was left alone and nothing was bound"
        case .inUse(let path):
            "bind \(path): a server is listening there; it was left alone and nothing was bound"
        case .notListening(let descriptor):
            "serve on \(descriptor): it is not a listening Unix stream socket; nothing is served"
        case .system(let failure):
            "\(failure); nothing is served"
        }
    }
}
