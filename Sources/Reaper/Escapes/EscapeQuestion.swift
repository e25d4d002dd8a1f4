public import CgroupPty
public import SessionIndex

/// What is looked for: processes of some workspaces, or of some of their sessions, that are not where they should be.
public struct EscapeQuestion: Sendable {
    /// What is looked for of one workspace.
    public struct Target: Sendable, Equatable {
        /// Only these sessions; nil: the whole workspace, which is gone.
        public var sessions: Set<SessionID>?
        /// The worktree, absolute; nil when there is none to look for.
        public var worktree: String?

        /// Describes a target.
        public init(sessions: Set<SessionID>? = nil, worktree: String? = nil) {
            self.sessions = sessions
            self.worktree = worktree
        }
    }

    /// Whose PTY a device is.
    public struct Terminal: Sendable, Equatable {
        /// The session's workspace.
        public var workspace: WorkspaceID
        /// The session.
        public var session: SessionID

        /// Names an owner.
        public init(workspace: WorkspaceID, session: SessionID) {
            self.workspace = workspace
            self.session = session
        }
    }

    /// Whose tags count.
    public var instance: InstanceID
    /// What is looked for.
    public var targets: [WorkspaceID: Target]
    /// Whose PTY a device is now. Devices are used again, so only those of rows of this boot, see ``terminals(of:bootID:)``.
    public var terminals: [UInt64: Terminal]
    /// Whose leader a number was in this boot, also of sessions that have ended: what stays in the leader's POSIX session keeps that
    /// number from being used again. See ``leaders(of:bootID:)``.
    public var leaders: [Int32: Terminal]
    /// Processes that were seen inside the slices, or on their terminals, before.
    public var witnesses: EscapeWitnesses
    /// Workspaces in whose slices nothing may be left, so that being there is proof.
    public var emptied: Set<WorkspaceID>
    /// Whether files of the worktrees that processes have open count as use of them, too.
    public var asksForOpenFiles = false

    /// Makes a question from its parts.
    public init(
        instance: InstanceID, targets: [WorkspaceID: Target], terminals: [UInt64: Terminal] = [:],
        leaders: [Int32: Terminal] = [:], witnesses: EscapeWitnesses = EscapeWitnesses(), emptied: Set<WorkspaceID> = []
    ) {
        self.instance = instance
        self.targets = targets
        self.terminals = terminals
        self.leaders = leaders
        self.witnesses = witnesses
        self.emptied = emptied
    }

    /// What matters of the files that a process uses.
    var use: UseOfFiles {
        let worktrees = targets.values.compactMap(\.worktree)
        if worktrees.isEmpty { return .nothing }
        return asksForOpenFiles ? .openFiles(below: worktrees) : .directories
    }

    /// Asks for all that a deleted workspace left behind.
    public static func workspace(
        _ workspace: WorkspaceID, of instance: InstanceID, worktree: String?, rows: [SessionRow], bootID: String,
        witnesses: EscapeWitnesses
    ) -> EscapeQuestion {
        var question = EscapeQuestion(
            instance: instance, targets: [workspace: Target(worktree: worktree)],
            terminals: terminals(of: rows, bootID: bootID), leaders: leaders(of: rows, bootID: bootID),
            witnesses: witnesses, emptied: [workspace])
        question.asksForOpenFiles = true
        return question
    }

    /// Asks for what a killed session left elsewhere in its workspace's slice.
    public static func session(
        _ session: SessionID, of workspace: WorkspaceID, _ instance: InstanceID
    ) -> EscapeQuestion {
        EscapeQuestion(instance: instance, targets: [workspace: Target(sessions: [session])])
    }

    /// Whose PTY each device is: of the rows of this boot that have not ended, the one that was made last.
    ///
    /// - Parameter rows: of all workspaces. A row that is left out here lets its device count for an older one.
    public static func terminals(of rows: [SessionRow], bootID: String) -> [UInt64: Terminal] {
        var owners: [UInt64: SessionRow] = [:]
        for row in rows where row.bootID == bootID {
            guard let device = row.terminalDevice, device != 0 else { continue }
            if let other = owners[device], other.createdAt >= row.createdAt { continue }
            owners[device] = row
        }
        return owners.filter { !$0.value.status.isEnded }
            .mapValues { Terminal(workspace: $0.workspaceID, session: $0.id) }
    }

    /// Whose leader each number was: of the rows of this boot, the one that was made last.
    public static func leaders(of rows: [SessionRow], bootID: String) -> [Int32: Terminal] {
        var owners: [Int32: SessionRow] = [:]
        for row in rows where row.bootID == bootID {
            guard let leader = row.leader?.pid.rawValue else { continue }
            if let other = owners[leader], other.createdAt >= row.createdAt { continue }
            owners[leader] = row
        }
        return owners.mapValues { Terminal(workspace: $0.workspaceID, session: $0.id) }
    }
}
