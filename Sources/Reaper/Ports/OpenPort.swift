public import CgroupPty

/// A port that processes of a workspace wait at.
public struct OpenPort: Sendable, Equatable {
    /// What tells one port from another. Sockets that share it (`SO_REUSEPORT`) are one port.
    public struct Identity: Sendable, Hashable {
        /// Whose processes have it open.
        public let workspace: WorkspaceID
        /// Where in the kernel it is.
        public let place: Place

        /// Names a port.
        public init(workspace: WorkspaceID, place: Place) {
            self.workspace = workspace
            self.place = place
        }
    }

    /// A port of a network namespace, whoever waits there.
    public struct Place: Sendable, Hashable {
        /// Number of the network namespace.
        public let namespace: UInt64
        /// What is spoken there.
        public let transport: BoundSocket.Transport
        /// As inet_ntop(3) writes it.
        public let address: String
        /// 1 to 65,535.
        public let port: UInt16

        /// Names a place.
        public init(namespace: UInt64, transport: BoundSocket.Transport, address: String, port: UInt16) {
            self.namespace = namespace
            self.transport = transport
            self.address = address
            self.port = port
        }

        init(_ socket: BoundSocket, in namespace: UInt64) {
            self.init(
                namespace: namespace, transport: socket.transport, address: socket.address, port: socket.port)
        }
    }

    /// A process that has the socket open.
    public struct Holder: Sendable, Equatable {
        /// Number and start.
        public let process: ProcessIdentity
        /// Its command's name.
        public let command: String
        /// The session in whose scope it is; nil for one elsewhere in the workspace's slice.
        public let session: SessionID?

        /// Describes a holder.
        public init(process: ProcessIdentity, command: String, session: SessionID?) {
            self.process = process
            self.command = command
            self.session = session
        }
    }

    /// Which port.
    public let id: Identity
    /// Inodes of the sockets.
    public internal(set) var inodes: Set<UInt64>
    /// Who has it open, the oldest process first: that is the one that opened it, unless it was handed on.
    public internal(set) var holders: [Holder]
}
