import CgroupPty
import SessionIndex

/// The sessions that this process holds, and the creations that are under way.
actor SessionRegistry {
    private var live: [SessionID: LiveSession] = [:]
    private var ended = EndedOutputs()
    /// Packs of an earlier host whose session nobody has claimed yet.
    private var unclaimed: [SessionID: StoredSession] = [:]
    /// By attempt: a second one for the same id must not end the mark of the first.
    private var creating: [UInt64: (id: SessionID, workspace: WorkspaceID)] = [:]
    private var nextCreation: UInt64 = 1
    private var creationEnds: [CheckedContinuation<Void, Never>] = []
    /// Whether nothing more may be created.
    private(set) var isClosed = false
    /// Workspaces that are being frozen.
    private var freezing: Set<WorkspaceID> = []
    private var freezeEnds: [CheckedContinuation<Void, Never>] = []
    /// Sessions that are over, whose terminal is being let go of.
    private var leaving: Set<SessionID> = []

    /// A session that is held.
    func session(_ id: SessionID) -> LiveSession? { live[id] }

    /// All that are held.
    func all() -> [LiveSession] { Array(live.values) }

    /// What the rings of all that are held may take, with the screens beside them, and those of ended sessions do.
    var ringBytes: Int { live.values.reduce(ended.memoryInUse) { $0 + ($1.held?.feed.memoryLimit ?? 0) } }

    /// How many are held.
    var count: Int { live.count }

    /// Holds a session.
    func insert(_ session: LiveSession) { live[session.id] = session }

    /// Lets go of a session that is over. Its output stays readable. See ``EndedOutputs``. It is leaving until ``hasLeft(_:)``.
    /// - Returns: the session, if it was held, and the outputs that are dropped for its.
    func remove(_ id: SessionID) -> (LiveSession, dropped: [TerminalFeed])? {
        guard let session = live.removeValue(forKey: id) else { return nil }
        leaving.insert(id)
        return (session, session.feed.map { ended.insert($0) } ?? [])
    }

    /// Nothing is held of the session's terminal any more.
    func hasLeft(_ id: SessionID) { leaving.remove(id) }

    /// Whether somebody is letting go of a session's terminal now.
    func isLeaving(_ id: SessionID) -> Bool { leaving.contains(id) }

    /// Holds the output of a session that ended under an earlier host.
    /// - Returns: the outputs that are dropped for it.
    func insertEnded(_ output: TerminalFeed) -> [TerminalFeed] { ended.insert(output) }

    /// The output of a session that is over, if it is still held.
    func endedOutput(_ id: SessionID) -> TerminalFeed? { ended.feed(of: id) }

    /// All that are held of sessions that are over, the oldest first.
    func endedOutputs() -> [TerminalFeed] { ended.all }

    /// Lets go of the output of a session that is removed.
    func removeEnded(_ id: SessionID) { ended.remove(id) }

    /// For how long each terminal that is held was not used: no output, no input, no client.
    func idleTimes() -> [SessionID: Duration] {
        let now = SuspendingClock.now
        return live.compactMapValues { $0.feed.map { $0.clientCount > 0 ? .zero : now - $0.usedAt } }
    }

    /// Keeps what an earlier host has stored of a session until somebody claims it.
    func keep(_ stored: StoredSession) { unclaimed[stored.session] = stored }

    /// Takes what an earlier host has stored of a session.
    func claim(_ id: SessionID) -> StoredSession? { unclaimed.removeValue(forKey: id) }

    /// Whether what an earlier host has stored of a session waits to be claimed.
    func isUnclaimed(_ id: SessionID) -> Bool { unclaimed[id] != nil }

    /// All that an earlier host has stored and nobody has claimed.
    func allUnclaimed() -> [StoredSession] { Array(unclaimed.values) }

    /// Takes what an earlier host has stored of sessions that nobody has claimed and nobody will.
    func takeUnclaimed(where isOver: (StoredSession) -> Bool) -> [StoredSession] {
        let over = unclaimed.values.filter(isOver)
        for stored in over { unclaimed[stored.session] = nil }
        return over
    }

    /// Marks a creation as under way, before its row is written: from then on the reaper leaves its scope alone.
    /// - Returns: the attempt, for ``endCreation(_:)``; nil while the workspace is being frozen.
    /// - Throws: ``HostFailure/shuttingDown(_:)`` after ``close()``.
    func beginCreation(_ id: SessionID, in workspace: WorkspaceID) throws(HostFailure) -> UInt64? {
        guard !isClosed else {
            throw .shuttingDown(
                "start session \(id): corral-host is stopping, and ends its sessions; nothing was started")
        }
        guard !freezing.contains(workspace) else { return nil }
        defer { nextCreation += 1 }
        creating[nextCreation] = (id, workspace)
        return nextCreation
    }

    /// Marks a workspace as being frozen: from then on nothing is created in it.
    /// - Returns: false when it is so already.
    func beginFreeze(_ workspace: WorkspaceID) -> Bool { freezing.insert(workspace).inserted }

    /// A freeze is over, one way or the other.
    func endFreeze(_ workspace: WorkspaceID) {
        freezing.remove(workspace)
        let waiting = freezeEnds
        freezeEnds = []
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until a workspace is not being frozen. A freeze has a deadline, so this ends.
    func waitForFreeze(of workspace: WorkspaceID) async {
        while freezing.contains(workspace) { await withCheckedContinuation { freezeEnds.append($0) } }
    }

    /// The creation is over, one way or the other.
    func endCreation(_ attempt: UInt64) {
        creating[attempt] = nil
        let waiting = creationEnds
        creationEnds = []
        for continuation in waiting { continuation.resume() }
    }

    /// Creations that are under way.
    func creationsInFlight() -> Set<SessionID> { Set(creating.values.map(\.id)) }

    /// Sessions whose terminal is held here.
    func heldTerminals() -> Set<SessionID> { Set(live.values.filter { $0.held != nil }.map(\.id)) }

    /// Sessions that the host is ending by itself.
    func endsInFlight() async -> Set<SessionID> {
        var ending: Set<SessionID> = []
        for session in live.values where await session.isEnding { ending.insert(session.id) }
        return ending
    }

    /// Waits until a session is not being created. Each creation has deadlines of its own, so this ends.
    func waitForCreation(of id: SessionID) async {
        while creating.values.contains(where: { $0.id == id }) {
            await withCheckedContinuation { creationEnds.append($0) }
        }
    }

    /// Refuses creations from now on, and waits until none is under way.
    func close() async {
        isClosed = true
        while !creating.isEmpty { await withCheckedContinuation { creationEnds.append($0) } }
    }

    /// Waits until no creation is under way in a workspace.
    ///
    /// Each creation has deadlines of its own for all that it waits for, so this ends.
    func waitForCreations(in workspace: WorkspaceID) async {
        while creating.values.contains(where: { $0.workspace == workspace }) {
            await withCheckedContinuation { creationEnds.append($0) }
        }
    }
}
