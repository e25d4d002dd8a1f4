/// Something that has happened, as clients see it: the `data` of a server-sent event.
///
/// Which of the fields below `message` are there depends on the kind; docs/events.md has them. One that a kind does not have is left out.
public struct EventDocument: Codable, Sendable, Equatable {
    /// What has happened. Later versions add kinds: a client passes over those that it does not know.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// What the client asked to go on from is no longer held: it looks at everything anew.
        case reset
        case hostStarted = "host_started"
        /// A workspace can be used.
        case workspaceCreated = "workspace_created"
        /// A workspace's creation came to nothing, or its setup script failed: it is kept as `failed`.
        case workspaceFailed = "workspace_failed"
        /// A workspace is deleted soon, since it expires.
        case workspaceExpiring = "workspace_expiring"
        /// A workspace has expired and was kept, since work would be lost; it is tried again.
        case expiryDeferred = "expiry_deferred"
        /// A delete has begun, and nothing new starts in the workspace.
        case workspaceDeleting = "workspace_deleting"
        case workspaceDeleted = "workspace_deleted"
        /// A delete was given up, and the workspace is there again, maybe without its sessions.
        case workspaceKept = "workspace_kept"
        case sessionStarted = "session_started"
        /// A session is ended soon, since it has run as long as it was to.
        case sessionExpiring = "session_expiring"
        /// A session is over by itself.
        case sessionExited = "session_exited"
        /// A session was ended, and the kernel confirmed it.
        case sessionKilled = "session_killed"
        /// A session that was believed to be over, or had no row, is known again.
        case sessionRecovered = "session_recovered"
        /// What was to be ended is not confirmed to be gone; it is tried again.
        case survivorsLeft = "survivors_left"
        /// The kernel ended a process of a session for want of memory. The session ends with it only if it was the leader.
        case outOfMemory = "out_of_memory"
        /// A fork was refused, since a session or its workspace has as many tasks as it may have.
        case tasksRefused = "tasks_refused"
        case escapeFound = "escape_found"
        /// A session was frozen, or a whole workspace where it names no session.
        case frozen
        /// What was frozen goes on.
        case thawed
        /// The reaper ended what was left in a workspace's slice, and belonged to no session.
        case orphanReaped = "orphan_reaped"
        case reaperPass = "reaper_pass"
        /// A look found a port that it had not seen before.
        case portOpened = "port_opened"
        /// A look found that nobody of the workspace waits at a port any more.
        case portClosed = "port_closed"
    }

    /// A pass of the reaper in numbers.
    public struct Pass: Codable, Sendable, Equatable {
        public var reaped: Int
        public var failed: Int
        public var kept: Int
        public var recovered: Int
        public var unclaimed: Int
        public var escapes: Int
        public var suspects: Int
        public var durationMs: Int

        /// Makes the numbers of a pass.
        public init(
            reaped: Int, failed: Int, kept: Int, recovered: Int, unclaimed: Int, escapes: Int, suspects: Int,
            durationMs: Int
        ) {
            self.reaped = reaped
            self.failed = failed
            self.kept = kept
            self.recovered = recovered
            self.unclaimed = unclaimed
            self.escapes = escapes
            self.suspects = suspects
            self.durationMs = durationMs
        }
    }

    /// `<epoch>-<n>`: the n-th event of one run of the host. Going on from it loses nothing and repeats nothing.
    public var id: String
    public var kind: Kind
    public var at: Timestamp
    @ExplicitNull public var workspace: String?
    @ExplicitNull public var session: String?
    /// What has happened, as a sentence for people. Its wording is not stable.
    public var message: String
    /// The workspace's name.
    public var workspaceName: String?
    /// The session's title.
    public var title: String?
    /// The receipt of the delete that it belongs to.
    public var receipt: String?
    /// What the kernel said, or in words what came of it.
    public var outcome: String?
    public var endReason: SessionDocument.EndReason?
    public var exit: SessionDocument.Exit?
    /// Processes that the leader has left behind.
    public var membersLeft: Int?
    /// How often it has happened so far.
    public var count: UInt64?
    public var survivors: [SurvivorDocument]?
    public var escape: EscapeDocument?
    public var pass: Pass?
    public var port: PortDocument?
    /// Events that lie between the last one that the client has and the next one that comes. Absent when that is not known.
    public var missed: UInt64?
    /// When what is told of happens, or is tried again.
    public var due: Timestamp?

    /// Makes an event without the fields that only some kinds have. Who keeps it gives it its id.
    public init(_ kind: Kind, _ message: String, workspace: String? = nil, session: String? = nil, at: Timestamp) {
        id = ""
        self.kind = kind
        self.at = at
        self.workspace = workspace
        self.session = session
        self.message = message
    }
}
