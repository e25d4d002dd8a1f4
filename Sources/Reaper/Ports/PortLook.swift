public import CgroupPty

/// What one look at the ports of all workspaces saw, and what it could not see.
public struct PortLook: Sendable {
    /// Something that could not be looked into: what is behind it is not known, and not taken for nothing (I3).
    public struct Gap: Sendable, Equatable {
        /// The workspace that it may hide a port of; nil for any.
        public let workspace: WorkspaceID?
        /// What was tried, on what, the answer.
        public let reason: String
    }

    /// The ports, in no order.
    public internal(set) var ports: [OpenPort] = []
    /// Processes that were looked into.
    public internal(set) var processes = 0
    /// The network namespace of the host itself.
    public internal(set) var ownNamespace: UInt64 = 0
    /// Inodes of all sockets that waited in the network namespace of the host itself, also of others.
    var ownSockets: Set<UInt64> = []
    /// What could not be looked into.
    public internal(set) var gaps: [Gap] = []
    /// Inodes of all sockets that wait in the network namespaces that were read, also of others.
    var waiting: Set<UInt64> = []
    /// The places where they do, by namespace.
    var taken: [UInt64: Set<OpenPort.Place>] = [:]

    /// Whether another look could see another thing in the network namespace of the host itself: a socket waits there that did not, or one
    /// of a port waits no more.
    /// - Parameter sockets: inodes of all that wait there now.
    func isOutdated(by sockets: Set<UInt64>) -> Bool {
        guard sockets.isSubset(of: ownSockets) else { return true }
        return ports.contains { $0.id.place.namespace == ownNamespace && !$0.inodes.isSubset(of: sockets) }
    }

    /// Whether a port that is not among ``ports`` could be open all the same.
    ///
    /// It is closed when nobody waits there any more, or when its sockets are gone and every process of its workspace was looked into. A
    /// socket that waits still has gone to a child, perhaps while this look was taken, unless it is another workspace's now.
    /// - Parameter inodes: the port's sockets, as they were seen last.
    public func couldHide(_ port: OpenPort.Identity, of inodes: Set<UInt64>) -> Bool {
        if let places = taken[port.place.namespace], !places.contains(port.place) { return false }
        if gaps.contains(where: { $0.workspace == nil || $0.workspace == port.workspace }) { return true }
        let left = inodes.intersection(waiting)
        return !left.isEmpty && !ports.contains { !$0.inodes.isDisjoint(with: left) }
    }

    /// Whether anybody at all waits at a port of one of the network namespaces that were read.
    public func isTaken(_ port: UInt16, _ transport: BoundSocket.Transport?) -> Bool {
        taken.values.contains { places in
            places.contains { $0.port == port && (transport == nil || $0.transport == transport) }
        }
    }
}
