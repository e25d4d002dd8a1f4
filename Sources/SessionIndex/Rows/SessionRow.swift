public import CgroupPty
public import FoundationEssentials

/// What the index says of a session: a claim, which the kernel can contradict (I4).
///
/// `starting → active → stopping → exited | disposed`. `starting` is written before the process exists, `disposed` only
/// after the kernel confirmed that nothing is left (I9).
public struct SessionRow: Sendable, Equatable {
    /// What the session is for. It decides in which state of its workspace it may begin.
    public enum Kind: String, Sendable, CaseIterable {
        case shell, setup, teardown

        /// The state that the workspace must be in for such a session to be started.
        public var wantedState: WorkspaceRow.State {
            switch self {
            case .shell: .active
            case .setup: .creating
            case .teardown: .deleting
            }
        }
    }

    /// Where the session is in its life.
    public enum Status: String, Sendable, CaseIterable {
        /// The row is there; the process may be.
        case starting
        /// The barrier was opened, or the scope was found alive.
        case active
        /// A kill is under way.
        case stopping
        /// Its leader is gone by itself, or it was lost.
        case exited
        /// It was killed, and the kernel confirmed that nothing is left.
        case disposed

        /// Whether the session is over as far as the index knows.
        public var isEnded: Bool { self == .exited || self == .disposed }
    }

    /// The two ways of being over.
    public enum Ending: String, Sendable, CaseIterable {
        case exited, disposed

        /// The status that a row has then.
        public var status: Status {
            switch self {
            case .exited: .exited
            case .disposed: .disposed
            }
        }
    }

    /// What becomes of the rest of the scope when the leader exits.
    public enum OnExit: String, Sendable, CaseIterable {
        case kill, keep
    }

    /// How the leader ended.
    public enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    /// Why the session is over.
    public enum EndReason: String, Sendable, CaseIterable {
        case exited, signalled, killed
        case workspaceDeleted = "workspace_deleted"
        case oom, lost, reboot
        case hostStopped = "host_stopped"
        case startFailed = "start_failed"
        case maxRuntime = "max_runtime"
        case idleTimeout = "idle_timeout"
    }

    /// Names the session and its scope.
    public var id: SessionID
    /// The workspace, nil once its row is gone. A foreign key: `ON DELETE SET NULL`.
    public var originWorkspaceID: WorkspaceID?
    /// The workspace in the unit's name. It stays when the workspace goes.
    public var workspaceID: WorkspaceID
    /// What the session is for.
    public var kind: Kind
    /// What people call it.
    public var title: String
    /// Where it is in its life.
    public var status: Status
    /// The command and its arguments.
    public var command: [String]
    /// Absolute path of the directory that it was started in.
    public var cwd: String
    /// What becomes of the rest when the leader exits.
    public var onExit: OnExit
    /// Name of its scope.
    public var unit: String
    /// The boot that it was started in. A pid in this row means nothing in another one.
    public var bootID: String
    /// The first process of the scope, nil until it exists. Serves only to open a pidfd (I1).
    public var leader: ProcessIdentity?
    /// Device number of the PTY slave, as in field `tty_nr` of proc_pid_stat(5); nil until it was opened.
    public var terminalDevice: UInt64?
    /// How the leader ended, nil while it runs or when nobody saw it.
    public var exit: Exit?
    /// Why it is over; nil exactly as long as it is not.
    public var endReason: EndReason?
    /// When its end was first asked for; later requests do not move it.
    public var disposeRequestedAt: Date?
    /// Why its end was first asked for; nil when nobody said. Whoever ends it in the end knows by this.
    public var disposeReason: EndReason?
    /// The outcome of the last kill, in words.
    public var lastOutcome: String?
    /// Processes that were left in the scope when the leader had exited; nil when nobody counted.
    public var membersLeft: Int?
    /// The creating request as canonical JSON. A second request with the same id is the same request when this is
    /// equal.
    public var request: String
    /// Seconds from the leader's start after which it is ended; nil for never.
    public var maxRuntime: Int?
    /// Seconds without output, input or clients after which it is ended; nil for never.
    public var idleTimeout: Int?
    /// When the row was written, to the millisecond.
    public var createdAt: Date
    /// When it ended; nil exactly as long as it has not.
    public var endedAt: Date?
    /// What its scope is limited to, beside what its workspace is.
    public var limits: ResourceLimits

    /// Makes a row. Dates are rounded to the millisecond, so that the row equals itself when it is read back.
    public init(
        id: SessionID, originWorkspaceID: WorkspaceID?, workspaceID: WorkspaceID, kind: Kind, title: String,
        status: Status, command: [String], cwd: String, onExit: OnExit, unit: String, bootID: String,
        leader: ProcessIdentity? = nil, terminalDevice: UInt64? = nil, exit: Exit? = nil,
        endReason: EndReason? = nil, disposeRequestedAt: Date? = nil, disposeReason: EndReason? = nil,
        lastOutcome: String? = nil,
        membersLeft: Int? = nil, request: String, createdAt: Date, endedAt: Date? = nil,
        limits: ResourceLimits = ResourceLimits(), maxRuntime: Int? = nil, idleTimeout: Int? = nil
    ) {
        self.id = id
        self.originWorkspaceID = originWorkspaceID
        self.workspaceID = workspaceID
        self.kind = kind
        self.title = title
        self.status = status
        self.command = command
        self.cwd = cwd
        self.onExit = onExit
        self.unit = unit
        self.bootID = bootID
        self.leader = leader
        self.terminalDevice = terminalDevice
        self.exit = exit
        self.endReason = endReason
        self.disposeRequestedAt = disposeRequestedAt.map(StoredDate.rounded)
        self.disposeReason = disposeReason
        self.lastOutcome = lastOutcome
        self.membersLeft = membersLeft
        self.request = request
        self.createdAt = StoredDate.rounded(createdAt)
        self.endedAt = endedAt.map(StoredDate.rounded)
        self.limits = limits
        self.maxRuntime = maxRuntime
        self.idleTimeout = idleTimeout
    }
}
