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
    /// All that waits in the network namespaces that were read, by namespace, also of others.
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
    /// It is closed when nobody waits there any more, or when every process of its workspace was looked into.
    public func couldHide(_ port: OpenPort.Identity) -> Bool {
        if let places = taken[port.place.namespace], !places.contains(port.place) { return false }
        return gaps.contains { $0.workspace == nil || $0.workspace == port.workspace }
    }
}
