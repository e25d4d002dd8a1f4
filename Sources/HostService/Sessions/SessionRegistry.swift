import CgroupPty
import SessionIndex

/// The sessions that this process holds, and the creations that are under way.
actor SessionRegistry {
    private var live: [SessionID: LiveSession] = [:]
    private var creating: [SessionID: WorkspaceID] = [:]
    private var creationEnds: [CheckedContinuation<Void, Never>] = []

    /// A session that is held.
    func session(_ id: SessionID) -> LiveSession? { live[id] }

    /// Every session that is held.
    func all() -> [LiveSession] { Array(live.values) }

    /// Holds a session.
    func insert(_ session: LiveSession) { live[session.id] = session }

    /// Lets go of a session.
    func remove(_ id: SessionID) -> LiveSession? { live.removeValue(forKey: id) }

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
