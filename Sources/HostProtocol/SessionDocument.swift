/// A session as clients see it.
public struct SessionDocument: Codable, Sendable, Equatable {
    /// What the session is for.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case shell, setup, teardown
    }

    /// Where the session is in its life.
    public enum Status: String, Codable, Sendable, CaseIterable {
        case starting, active, stopping, exited, disposed
    }

    /// What becomes of the rest of the scope when the leader exits.
    public enum OnExit: String, Codable, Sendable, CaseIterable {
        case kill, keep
    }

    /// Why the session is over.
    public enum EndReason: String, Codable, Sendable, CaseIterable {
        case exited, signalled, killed
        case workspaceDeleted = "workspace_deleted"
        case oom, lost, reboot
        case hostStopped = "host_stopped"
        case startFailed = "start_failed"
        case maxRuntime = "max_runtime"
        case idleTimeout = "idle_timeout"
    }

    /// Whether the host holds the terminal's master end.
    public enum Terminal: String, Codable, Sendable, CaseIterable {
        case open, lost, closed
    }

    /// How the leader ended. Exactly one of the two is known.
    public struct Exit: Codable, Sendable, Equatable {
        @ExplicitNull public var code: Int?
        @ExplicitNull public var signal: Int?

        /// Makes an exit from its parts.
        public init(code: Int?, signal: Int?) {
            self.code = code
            self.signal = signal
        }
    }

    public var id: String
    /// Nil once the workspace is gone.
    @ExplicitNull public var workspace: String?
    public var kind: Kind
    public var title: String
    public var status: Status
    public var command: [String]
    public var cwd: String
    public var unit: String
    /// Path below the cgroup mount, nil while there is none.
    @ExplicitNull public var cgroup: String?
    @ExplicitNull public var leaderPid: Int?
    /// Processes in the scope and below it now; nil when that could not be read.
    @ExplicitNull public var members: Int?
    public var onExit: OnExit
    @ExplicitNull public var exit: Exit?
    @ExplicitNull public var endReason: EndReason?
    public var terminal: Terminal
    @ExplicitNull public var disposeRequestedAt: Timestamp?
    @ExplicitNull public var lastOutcome: String?
    public var createdAt: Timestamp
    @ExplicitNull public var endedAt: Timestamp?
    /// Clients attached now.
    public var attached: Int
    /// What its scope is limited to.
    public var limits: LimitsDocument
    /// What the kernel has of these limits now; nil where nothing is to be limited, or nothing runs, or it cannot be read.
    @ExplicitNull public var limitsInForce: LimitsDocument?
    /// Whether its processes are frozen, by themselves or with the workspace; nil when that could not be read.
    @ExplicitNull public var frozen: Bool?
    /// Seconds after which it is ended; nil for never.
    @ExplicitNull public var maxRuntime: Int?
    /// Seconds without output, input or clients after which it is ended; nil for never.
    @ExplicitNull public var idleTimeout: Int?

    /// Makes a document from its parts.
    public init(
        id: String, workspace: String?, kind: Kind, title: String, status: Status, command: [String], cwd: String,
        unit: String, cgroup: String?, leaderPid: Int?, members: Int?, onExit: OnExit, exit: Exit?,
        endReason: EndReason?, terminal: Terminal, disposeRequestedAt: Timestamp?, lastOutcome: String?,
        createdAt: Timestamp, endedAt: Timestamp?, attached: Int,
        limits: LimitsDocument = LimitsDocument(), limitsInForce: LimitsDocument? = nil, frozen: Bool? = nil,
        maxRuntime: Int? = nil, idleTimeout: Int? = nil
    ) {
        self.id = id
        self.workspace = workspace
        self.kind = kind
        self.title = title
        self.status = status
        self.command = command
        self.cwd = cwd
        self.unit = unit
        self.cgroup = cgroup
        self.leaderPid = leaderPid
        self.members = members
        self.onExit = onExit
        self.exit = exit
        self.endReason = endReason
        self.terminal = terminal
        self.disposeRequestedAt = disposeRequestedAt
        self.lastOutcome = lastOutcome
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.attached = attached
        self.limits = limits
        self.limitsInForce = limitsInForce
        self.frozen = frozen
        self.maxRuntime = maxRuntime
        self.idleTimeout = idleTimeout
    }
}

/// Asks for a session in a workspace.
public struct CreateSessionRequest: Codable, Sendable, Equatable {
    /// The command's name when absent.
    public var title: String?
    /// Absolute, or relative to the workspace; the workspace's directory when absent.
    public var cwd: String?
    /// Added to the login environment.
    public var env: [String: String]?
    public var size: TerminalSize?
    /// `kill` when absent.
    public var onExit: SessionDocument.OnExit?
    /// A chosen id makes the request idempotent.
    public var id: String?
    /// Looked up in the session's PATH. The account's login shell when absent or empty.
    public var command: [String]?
    /// What its scope is limited to; what is absent is what the host gives to every new session.
    public var limits: LimitsRequest?
    /// Seconds after which it is ended.
    public var maxRuntime: Int?
    /// Seconds without output, input or clients after which it is ended.
    public var idleTimeout: Int?

    /// Makes a request from its parts.
    public init(
        title: String? = nil, cwd: String? = nil, env: [String: String]? = nil, size: TerminalSize? = nil,
        onExit: SessionDocument.OnExit? = nil, id: String? = nil, command: [String]? = nil,
        limits: LimitsRequest? = nil, maxRuntime: Int? = nil, idleTimeout: Int? = nil
    ) {
        self.title = title
        self.cwd = cwd
        self.env = env
        self.size = size
        self.onExit = onExit
        self.id = id
        self.command = command
        self.limits = limits
        self.maxRuntime = maxRuntime
        self.idleTimeout = idleTimeout
    }
}

/// A terminal's size in character cells.
public struct TerminalSize: Codable, Sendable, Equatable {
    /// 1 to 1000.
    public var columns: Int
    /// 1 to 1000.
    public var rows: Int

    /// Makes a size.
    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

/// Input as text, for clients that rather send JSON than bytes.
public struct InputRequest: Codable, Sendable, Equatable {
    /// Written to the terminal as UTF-8, as it is.
    public var text: String
    /// Whether the text goes as a paste where the application has asked to be told of pastes. False when absent.
    public var paste: Bool?
    /// Whether the Enter key follows, as a write of its own. False when absent.
    public var enter: Bool?

    /// Makes a request from its parts.
    public init(text: String, paste: Bool? = nil, enter: Bool? = nil) {
        self.text = text
        self.paste = paste
        self.enter = enter
    }
}
