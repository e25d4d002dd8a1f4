/// A port that processes of a workspace wait at: a TCP socket that listens, or a UDP socket that is bound and not connected.
public struct PortDocument: Codable, Sendable, Equatable {
    /// What is spoken there.
    public enum TransportProtocol: String, Codable, Sendable, CaseIterable {
        case tcp, udp
    }

    /// A process that has the socket open.
    public struct Holder: Codable, Sendable, Equatable {
        public var pid: Int
        public var command: String
        /// Nil for one beside the sessions' scopes, as a tmux pane's.
        @ExplicitNull public var session: String?

        /// Describes a process.
        public init(pid: Int, command: String, session: String?) {
            self.pid = pid
            self.command = command
            self.session = session
        }
    }

    public var workspace: String
    /// The session of the oldest of the processes; nil when that is in none.
    @ExplicitNull public var session: String?
    public var `protocol`: TransportProtocol
    /// `127.0.0.1`, `0.0.0.0`, `::1`, `::`, …
    public var address: String
    public var port: Int
    /// Whether it is in the network namespace that the host is in. A port of another one is not reached at this machine's addresses.
    public var hostNetwork: Bool
    /// Number of the network namespace, as in `/proc/PID/ns/net`.
    public var networkNamespace: UInt64
    /// The oldest first.
    public var processes: [Holder]
    /// When this host first saw it. It may have been open before: nobody looks while nobody asks.
    public var firstSeen: Timestamp

    /// Makes a document from its parts.
    public init(
        workspace: String, session: String?, protocol: TransportProtocol, address: String, port: Int,
        hostNetwork: Bool, networkNamespace: UInt64, processes: [Holder], firstSeen: Timestamp
    ) {
        self.workspace = workspace
        self.session = session
        self.protocol = `protocol`
        self.address = address
        self.port = port
        self.hostNetwork = hostNetwork
        self.networkNamespace = networkNamespace
        self.processes = processes
        self.firstSeen = firstSeen
    }
}

/// The ports of one workspace or of all, and what could not be looked into.
public struct PortListDocument: Codable, Sendable, Equatable {
    /// In the order of workspaces, then ports.
    public var ports: [PortDocument]
    /// Processes, slices and network namespaces that could not be looked into. Each may hide ports.
    public var unreadable: Int
    /// Why, of the first of them.
    public var reasons: [String]
    public var durationMs: Int
    public var at: Timestamp

    /// Makes a document from its parts.
    public init(ports: [PortDocument], unreadable: Int, reasons: [String], durationMs: Int, at: Timestamp) {
        self.ports = ports
        self.unreadable = unreadable
        self.reasons = reasons
        self.durationMs = durationMs
        self.at = at
    }
}

/// Which port of which workspace is to be closed.
public struct PortSelection: Sendable, Equatable {
    public var workspace: String
    public var port: Int
    /// Any when absent.
    public var transport: PortDocument.TransportProtocol?
    /// Kills at once.
    public var force: Bool

    /// Makes a selection from its parts.
    public init(
        workspace: String, port: Int, transport: PortDocument.TransportProtocol? = nil, force: Bool = false
    ) {
        self.workspace = workspace
        self.port = port
        self.transport = transport
        self.force = force
    }
}

/// What came of ending the processes at a port.
public struct PortEndDocument: Codable, Sendable, Equatable {
    /// One of the processes.
    public struct Ending: Codable, Sendable, Equatable {
        /// What came of it.
        public enum Outcome: String, Codable, Sendable, CaseIterable {
            /// It exited upon SIGTERM.
            case terminated
            /// It exited upon SIGKILL.
            case killed
            /// It had gone by itself.
            case gone
            /// It no longer had the port open, or was not in the workspace any more: nothing was sent.
            case spared
            /// SIGKILL was sent, and it is still there.
            case survived
            /// A signal could not be sent, or nothing is known of what became of it.
            case failed
        }

        public var pid: Int
        public var command: String
        @ExplicitNull public var session: String?
        public var outcome: Outcome
        @ExplicitNull public var detail: String?

        /// Makes an entry from its parts.
        public init(pid: Int, command: String, session: String?, outcome: Outcome, detail: String?) {
            self.pid = pid
            self.command = command
            self.session = session
            self.outcome = outcome
            self.detail = detail
        }
    }

    public var workspace: String
    public var port: Int
    /// Whether a look afterwards found that nobody of the workspace waits there; nil when that could not be told.
    @ExplicitNull public var closed: Bool?
    public var processes: [Ending]
    /// Why `closed` is not true.
    @ExplicitNull public var detail: String?

    /// Makes a document from its parts.
    public init(workspace: String, port: Int, closed: Bool?, processes: [Ending], detail: String?) {
        self.workspace = workspace
        self.port = port
        self.closed = closed
        self.processes = processes
        self.detail = detail
    }
}
