import CgroupPty
import Glibc
import Logging

/// What the manager has handed to this host, sorted: the socket that clients already connect to, and the sessions of an earlier
/// host. Anything else is closed, and is not to be kept any longer.
struct HandedOver: ~Copyable {
    private var socket: OwnedFileDescriptor?
    /// Whether the socket's file was made by a host, and not by a socket unit; so it is, too, when there is no socket yet.
    var socketIsOurs: Bool { socketName == DescriptorStore.socketName }
    /// The name that the socket came under; what a host stores it as where there was none.
    private(set) var socketName = DescriptorStore.socketName
    /// What was stored of sessions.
    private var sessions: [StoredSession] = []
    /// Output of sessions that were over, under the names that it was stored under.
    private var outputs: [(name: String, output: Result<TerminalFeed, OutputRing.Refusal>)] = []
    /// The names of what nobody has a use for. A manager that keeps it hands it over again at every start.
    private(set) var useless: Set<String> = []

    /// Sorts what was handed over.
    /// - Parameter socketPath: Where clients look. A socket whose file is not the one there reaches nobody.
    init(_ descriptors: consuming InheritedDescriptors, socketPath: String, logger: Logger) {
        while let next = descriptors.next() {
            let name = next.name
            if name.hasPrefix("session-") {
                if let session = StoredSession(next) {
                    sessions.append(session)
                } else {
                    refuse(name, "its name is none of ours", logger)
                }
                continue
            }
            if name.hasPrefix(StoredOutput.prefix) {
                let stored = StoredOutput(next)
                do throws(OutputRing.Refusal) {
                    outputs.append((name, .success(try stored.open())))
                } catch {
                    outputs.append((name, .failure(error)))
                }
                continue
            }
            do throws(ListeningSocketFailure) {
                let found = try ListeningSocket.adopt(next.release())
                guard ListeningSocket.isReachable(found, at: socketPath) else {
                    refuse(name, "whoever connects to \(socketPath) does not reach it", logger)
                    continue
                }
                // A unit's goes before one that a host made: systemd listens there.
                if socket == nil || name != DescriptorStore.socketName {
                    socket = consume found
                    socketName = name
                }
            } catch {
                refuse(name, "\(error)", logger)
            }
        }
    }

    private mutating func refuse(_ name: String, _ reason: String, _ logger: Logger) {
        useless.insert(name)
        logger.warning("What was handed over as \(name) is not used: \(reason). It is closed.")
    }

    /// Gives up what was stored of sessions. Whoever holds it longer than it takes to adopt it keeps terminals open that are over.
    mutating func takeSessions() -> [StoredSession] {
        defer { sessions = [] }
        return sessions
    }

    /// Gives up the output of sessions that were over.
    mutating func takeOutputs() -> [(name: String, output: Result<TerminalFeed, OutputRing.Refusal>)] {
        defer { outputs = [] }
        return outputs
    }

    /// Gives the socket up, if there is one.
    mutating func takeSocket() -> OwnedFileDescriptor? { socket.take() }
}
