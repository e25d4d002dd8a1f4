import Glibc

/// Who is at the other end of a Unix socket, as the kernel recorded it when the connection was made.
///
/// - SeeAlso: unix(7), `SO_PEERCRED`
struct PeerCredentials: Sendable, Equatable, CustomStringConvertible {
    /// The process that connected. To be shown: it may be gone, and its number may be another's.
    let pid: Int32
    /// Its effective user.
    let uid: UInt32
    /// Its effective group.
    let gid: UInt32

    /// Names a peer.
    init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    /// Reads the credentials of a connected socket; nil when the kernel does not tell.
    init?(ofSocket raw: CInt) {
        var credentials = (pid: Int32(0), uid: UInt32(0), gid: UInt32(0))
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(raw, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0,
            size == MemoryLayout.size(ofValue: credentials)
        else { return nil }
        self.init(pid: credentials.pid, uid: credentials.uid, gid: credentials.gid)
    }

    /// Whether a server of this user serves the peer: the same user, or root.
    ///
    /// A user of another namespace has no uid here and reads as the overflow uid, which is nobody's.
    func isServed(byUser server: UInt32) -> Bool {
        uid == server || uid == 0
    }

    /// For instance `uid 1000, gid 1000, pid 4711`.
    var description: String { "uid \(uid), gid \(gid), pid \(pid)" }
}
