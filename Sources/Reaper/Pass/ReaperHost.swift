public import CgroupPty
public import SessionIndex

/// What the reaper asks and tells the host that it runs in. All of it is empty where there is none, as in `corral-reaper`.
public struct ReaperHost: Sendable {
    /// Sessions that are being started: from before their row is written until after their barrier was opened or given up.
    ///
    /// A session that is missing here for a moment too long can be ended as one whose start was abandoned.
    public var creationsInFlight: @Sendable () async -> Set<SessionID> = { [] }
    /// Sessions that the host is ending by itself.
    public var killsInFlight: @Sendable () async -> Set<SessionID> = { [] }
    /// Workspaces that a destroy saga is at work on, also while it waits for its next try: from before the tombstone is
    /// written until after the last transaction.
    public var runningSagas: @Sendable () async -> Set<WorkspaceID> = { [] }
    /// Sessions whose PTY master is held; nil when there is no host that could hold any.
    public var heldTerminals: @Sendable () async -> Set<SessionID>? = { nil }
    /// The session's pinned leader, if it is held. Else the reaper pins it by number and start.
    public var leader: @Sendable (SessionID) async -> Pidfd? = { _ in nil }
    /// Told after a session's row was marked as over: its live object can go.
    public var sessionEnded: @Sendable (SessionID, SessionRow.Ending, SessionRow.EndReason) async -> Void = { _, _, _ in
    }
    /// Told after a session got its row back, or became `active` again: it can be taken under care.
    public var sessionRecovered: @Sendable (SessionID) async -> Void = { _ in }
    /// Told after each pass that was made or could not be, but not of a dry run. It must not wait for another pass.
    public var passEnded: @Sendable (Result<PassReport, PassFailure>) async -> Void = { _ in }

    /// A host that does nothing.
    public init() {}
}
