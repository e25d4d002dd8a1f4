/// What the kernel said about an end: of a session, or of all that a workspace held.
public enum OutcomeDocument: String, Codable, Sendable, CaseIterable {
    /// `populated 0`, and the leader is known to have exited.
    case confirmed
    /// A process that meets the kill rule survived elsewhere.
    case escaped
    /// Processes are left that did not end although they were sent SIGKILL.
    case unkillable
    /// A fact could not be read.
    case unknown
}

/// A process that was seen where none should be.
public struct SurvivorDocument: Codable, Sendable, Equatable {
    public var pid: Int
    public var command: String
    /// The letter of `/proc/PID/stat`: `D`, `T`, `Z`, …
    public var state: String
    /// The kernel function that it waits in, nil when that could not be read.
    @ExplicitNull public var wchan: String?
    @ExplicitNull public var cgroup: String?

    /// Makes a survivor from its parts.
    public init(pid: Int, command: String, state: String, wchan: String?, cgroup: String?) {
        self.pid = pid
        self.command = command
        self.state = state
        self.wchan = wchan
        self.cgroup = cgroup
    }
}

/// How one session ended.
public struct SessionEndDocument: Codable, Sendable, Equatable {
    /// The gentlest means after which nothing was left.
    public enum Ended: String, Codable, Sendable, CaseIterable {
        /// By itself, before anything was sent.
        case exited
        /// By SIGHUP to its leader.
        case hangup
        /// By systemd's stop.
        case terminated
        /// By `cgroup.kill`.
        case killed
    }

    public var session: String
    public var unit: String
    public var outcome: OutcomeDocument
    @ExplicitNull public var ended: Ended?
    public var membersSignalled: Int
    public var durationMs: Int
    public var survivors: [SurvivorDocument]
    /// Processes that carry the session's tag and left its workspace's slice: told by a kill, and left alone. Nil when nobody looked,
    /// as in a receipt, which has its own.
    @ExplicitNull public var suspects: [EscapeDocument]?
    /// Why the outcome is not `confirmed`.
    @ExplicitNull public var detail: String?

    /// Makes a document from its parts.
    public init(
        session: String, unit: String, outcome: OutcomeDocument, ended: Ended?, membersSignalled: Int, durationMs: Int,
        survivors: [SurvivorDocument], suspects: [EscapeDocument]? = nil, detail: String?
    ) {
        self.session = session
        self.unit = unit
        self.outcome = outcome
        self.ended = ended
        self.membersSignalled = membersSignalled
        self.durationMs = durationMs
        self.survivors = survivors
        self.suspects = suspects
        self.detail = detail
    }
}

/// A process that left the slice, or looks as if it had.
public struct EscapeDocument: Codable, Sendable, Equatable {
    /// What was done about it.
    public enum Action: String, Codable, Sendable, CaseIterable {
        case killed, reported
    }

    public var pid: Int
    public var command: String
    public var cgroup: String
    /// The facts that speak for it, in words.
    public var evidence: [String]
    public var action: Action

    /// Makes an escape from its parts.
    public init(pid: Int, command: String, cgroup: String, evidence: [String], action: Action) {
        self.pid = pid
        self.command = command
        self.cgroup = cgroup
        self.evidence = evidence
        self.action = action
    }
}

/// The record of a delete, kept after the workspace is gone.
public struct ReceiptDocument: Codable, Sendable, Equatable {
    /// Where the delete is.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Not done; it goes on by itself.
        case deleting
        /// Done: the workspace's row is gone.
        case deleted
        /// Refused or undone before anything of the workspace was removed.
        case kept
        /// Only planned (`dry_run`).
        case planned
    }

    /// What became of the worktree or of the branch.
    public enum Removal: String, Codable, Sendable, CaseIterable {
        case removed, kept, absent, failed
        case notOurs = "not_ours"
        /// It would be removed (`dry_run`).
        case planned
    }

    /// Why the workspace was deleted.
    public enum Cause: String, Codable, Sendable, CaseIterable {
        case asked, expired
    }

    public var id: String
    public var workspace: String
    public var workspaceName: String
    public var outcome: OutcomeDocument
    public var state: State
    /// When the kernel confirmed that the slice was empty.
    @ExplicitNull public var confirmedAt: Timestamp?
    public var createdAt: Timestamp
    @ExplicitNull public var durationMs: Int?
    public var warnings: [String]
    public var sessions: [SessionEndDocument]
    public var escapes: [EscapeDocument]
    public var suspects: [EscapeDocument]
    /// Processes whose environment could not be read.
    public var unreadable: Int
    public var worktree: Removal
    public var branch: Removal
    /// The last step that was recorded before it acted.
    @ExplicitNull public var step: String?
    /// Why it is not done, in words.
    @ExplicitNull public var detail: String?
    /// Nil for a receipt of an earlier version.
    @ExplicitNull public var cause: Cause?

    /// Makes the receipt of a delete that has just begun: nothing ended, nothing removed, outcome unknown.
    public init(id: String, workspace: String, workspaceName: String, createdAt: Timestamp) {
        self.id = id
        self.workspace = workspace
        self.workspaceName = workspaceName
        self.createdAt = createdAt
        outcome = .unknown
        state = .deleting
        warnings = []
        sessions = []
        escapes = []
        suspects = []
        unreadable = 0
        worktree = .kept
        branch = .kept
        confirmedAt = nil
        durationMs = nil
        step = nil
        detail = nil
        cause = .asked
    }
}
