import Glibc

/// Where the host's socket is.
public enum SocketPath {
    /// Why there is no path to try.
    public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// An ordinary user's socket lies below the runtime directory, and the environment does not name one.
        case noRuntimeDirectory

        /// What is missing and how to mend it.
        public var description: String {
            """
            XDG_RUNTIME_DIR is not set, so the host's socket cannot be found. Log in through a session that systemd \
            knows (ssh, a console, `machinectl shell`), or name the socket with --socket PATH or CORRAL_SOCKET.
            """
        }
    }

    /// The socket of the system's host, which is root's.
    public static let system = "/run/corral/corral.sock"

    /// Chooses the path: what the caller names, else `CORRAL_SOCKET`, else root's, else the one below `XDG_RUNTIME_DIR`.
    ///
    /// An empty variable counts as unset.
    /// - Parameter userID: Whose host is meant, the calling process's effective user when absent.
    /// - Throws: ``Failure`` when an ordinary user's environment names no runtime directory.
    public static func resolve(
        explicit: String?, environment: [String: String], userID: UInt32? = nil
    ) throws(Failure) -> String {
        if let explicit { return explicit }
        if let path = environment["CORRAL_SOCKET"], !path.isEmpty { return path }
        if (userID ?? geteuid()) == 0 { return system }
        guard let directory = environment["XDG_RUNTIME_DIR"], !directory.isEmpty else { throw .noRuntimeDirectory }
        return directory + "/corral/corral.sock"
    }
}
