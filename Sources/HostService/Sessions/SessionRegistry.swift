import CgroupPty
import SessionIndex

/// The sessions that this process holds, and the creations that are under way.
actor SessionRegistry {
    /// Ended sessions whose output is kept: a command that exits at once can still be read. 2 MiB each at most.
    private static let endedLimit = 64

    private var live: [SessionID: LiveSession] = [:]
    private var ended: [LiveSession] = []
    private var creating: [SessionID: WorkspaceID] = [:]
    private var creationEnds: [CheckedContinuation<Void, Never>] = []

    /// A session that is held.
    func session(_ id: SessionID) -> LiveSession? { live[id] }

    /// How many are held.
    var count: Int { live.count }

    /// Holds a session.
    func insert(_ session: LiveSession) { live[session.id] = session }

    /// Lets go of a session that is over. Its output stays readable until ``endedLimit`` others have ended.
    func remove(_ id: SessionID) -> LiveSession? {
        guard let session = live.removeValue(forKey: id) else { return nil }
        if session.hasTerminal {
            // Only the output: no descriptor outlives the session.
            ended.append(LiveSession(id: id, feed: session.feed, leader: nil, terminal: nil, channel: nil))
            if ended.count > Self.endedLimit { ended.removeFirst() }
        }
        return session
    }

    /// A session that is over and whose output is still held.
    func endedSession(_ id: SessionID) -> LiveSession? { ended.last { $0.id == id } }

    /// Marks a creation as under way, before its row is written: from then on the reaper leaves its scope alone.
    func beginCreation(_ id: SessionID, in workspace: WorkspaceID) { creating[id] = workspace }

    /// The creation is over, one way or the other.
    func endCreation(_ id: SessionID) {
        creating[id] = nil
        let waiting = creationEnds
        creationEnds = []
        for continuation in waiting { continuation.resume() }
    }

    /// Creations that are under way.
    func creationsInFlight() -> Set<SessionID> { Set(creating.keys) }

    /// Sessions whose terminal is held here.
    func heldTerminals() -> Set<SessionID> { Set(live.values.filter(\.hasTerminal).map(\.id)) }

    /// Sessions that the host is ending by itself.
    func endsInFlight() async -> Set<SessionID> {
        var ending: Set<SessionID> = []
        for session in live.values where await session.isEnding { ending.insert(session.id) }
        return ending
    }

    /// Waits until no creation is under way in a workspace.
    ///
    /// Each creation has deadlines of its own for all that it waits for, so this ends.
    func waitForCreations(in workspace: WorkspaceID) async {
        while creating.values.contains(workspace) {
            await withCheckedContinuation { creationEnds.append($0) }
        }
    }
}
