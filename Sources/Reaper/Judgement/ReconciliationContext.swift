public import CgroupPty

/// What a judgement needs besides claims, ground and memory. Asked of the host after the ground was read and before the
/// claims are read again.
public struct ReconciliationContext: Sendable, Equatable {
    /// This boot.
    public var bootID: String
    /// Sessions that are being started: from before their row is written until after their barrier was opened or given up.
    public var creations: Set<SessionID>
    /// Sessions that somebody else is ending now.
    public var kills: Set<SessionID>
    /// Workspaces that a destroy saga is at work on: from before the tombstone until after the last transaction.
    public var sagas: Set<WorkspaceID>
    /// Sessions whose PTY master is held; nil when there is no host that could hold any.
    public var terminals: Set<SessionID>?
    /// This moment, of `CLOCK_BOOTTIME`.
    public var now: Deadline
    /// So long a scope must have been missing before its session counts as lost.
    public var ageFloor: Duration
    /// Whether scopes that nothing explains are to be ended too.
    public var reapsUnclaimed: Bool

    /// Makes a context from its parts.
    public init(
        bootID: String, creations: Set<SessionID> = [], kills: Set<SessionID> = [], sagas: Set<WorkspaceID> = [],
        terminals: Set<SessionID>? = nil, now: Deadline, ageFloor: Duration = .seconds(30), reapsUnclaimed: Bool = false
    ) {
        self.bootID = bootID
        self.creations = creations
        self.kills = kills
        self.sagas = sagas
        self.terminals = terminals
        self.now = now
        self.ageFloor = ageFloor
        self.reapsUnclaimed = reapsUnclaimed
    }
}
