import CgroupPty
import Glibc
import Logging

/// What the manager has handed to this host, sorted: the socket that clients already connect to, and the sessions of an earlier
/// host. Anything else is closed.
struct HandedOver: ~Copyable {
    private var socket: OwnedFileDescriptor?
    /// Whether the socket's file was made by a host, and not by a socket unit; so it is, too, when there is no socket yet.
    var socketIsOurs: Bool { socketName == DescriptorStore.socketName }
    /// The name that the socket came under; what a host stores it as where there was none.
    private(set) var socketName = DescriptorStore.socketName
    /// What was stored of sessions.
    private var sessions: [StoredSession] = []

    /// Sorts what was handed over.
    /// - Parameter socketPath: Where clients look. A socket that is bound elsewhere, or whose file is gone, reaches nobody.
    init(_ descriptors: consuming InheritedDescriptors, socketPath: String, logger: Logger) {
        while let next = descriptors.next() {
            let name = next.name
            if name.hasPrefix("session-") {
                if let session = StoredSession(next) { sessions.append(session) }
                continue
            }
            do throws(ListeningSocketFailure) {
                let found = try ListeningSocket.adopt(next.release())
                guard ListeningSocket.isReachable(found, at: socketPath) else {
                    logger.warning("The socket that was handed over as \(name) is not \(socketPath): it is closed.")
                    continue
                }
                // A unit's goes before one that a host made: systemd listens there.
                if socket == nil || name != DescriptorStore.socketName {
                    socket = consume found
                    socketName = name
                }
            } catch {
                logger.warning("What was handed over as \(name) is not used: \(error)")
            }
        }
    }

    /// Gives up what was stored of sessions. Whoever holds it longer than it takes to adopt it keeps terminals open that are over.
    mutating func takeSessions() -> [StoredSession] {
        defer { sessions = [] }
        return sessions
    }

    /// Gives the socket up, if there is one.
    mutating func takeSocket() -> OwnedFileDescriptor? { socket.take() }
}
