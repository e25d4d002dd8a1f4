import CgroupPty
import HostProtocol
import SessionIndex

/// What the host holds of a session that has not ended: its terminal, its output, its pinned leader.
///
/// Everything that must survive the host is in the index; what is here is lost with the process.
actor LiveSession {
    /// How the leader's end and a kill relate: whoever comes first ends the session, the other waits for it.
    enum Ending: Sendable {
        case none
        case underWay(Task<SessionEndDocument, Never>)
    }

    nonisolated let id: SessionID
    nonisolated let feed: TerminalFeed
    /// Nil when it could not be pinned: it was gone when we looked.
    nonisolated let leader: Pidfd?
    private var terminal: PseudoTerminal?
    /// Whether the master end was held here.
    nonisolated let hasTerminal: Bool
    private var channel: TerminalChannel?
    private var ending = Ending.none
    private var knownExit: SessionRow.Exit?
    private var isClosed = false
    private var closeWaits: [CheckedContinuation<Void, Never>] = []

    /// A session that was just started, or one found again after a restart without a terminal.
    init(id: SessionID, feed: TerminalFeed, leader: Pidfd?, terminal: PseudoTerminal?, channel: TerminalChannel?) {
        self.id = id
        self.feed = feed
        self.leader = leader
        self.terminal = terminal
        hasTerminal = terminal != nil
        self.channel = channel
    }

    /// Whether a kill or the leader's exit is being carried out.
    var isEnding: Bool { if case .underWay = ending { true } else { false } }

    /// Writes input to the terminal.
    func send(_ bytes: [UInt8]) async throws {
        guard let channel else {
            throw HostFailure.terminalLost("write to session \(id): its terminal was lost when the host restarted")
        }
        try await channel.send(bytes)
    }

    /// Changes the terminal's size.
    func resize(to size: WindowSize) throws {
        guard let terminal else {
            throw HostFailure.terminalLost("resize session \(id): its terminal was lost when the host restarted")
        }
        try terminal.resize(to: size)
    }

    /// How the leader ended; collects it, since it is our child. Nil while it runs and where the kernel cannot tell.
    func leaderExit() -> SessionRow.Exit? {
        if let knownExit { return knownExit }
        do throws(SystemCallFailure) {
            switch try leader?.exitStatus() {
            case .code(let code): knownExit = .code(code)
            case .signal(let signal): knownExit = .signal(signal)
            case .notKnown, nil: break
            }
        } catch {
            // Not known, as for a process that somebody else collected.
        }
        return knownExit
    }

    /// Ends the session by `body`, or joins an end that is under way.
    func end(_ body: @escaping @Sendable () async -> SessionEndDocument) async -> SessionEndDocument {
        if case .underWay(let task) = ending { return await task.value }
        // Not a child of the caller: a client's going away does not stop it (I7).
        let task = Task.detached { await body() }
        ending = .underWay(task)
        let result = await task.value
        // A kill that was not confirmed can be tried again.
        if result.outcome != .confirmed { ending = .none }
        return result
    }

    /// Reads what the terminal still holds, then lets go of it and tells the attached clients.
    func close(exit: SessionDocument.Exit?, reason: SessionDocument.EndReason?) async {
        if let channel {
            _ = await channel.waitUntilDrained(until: .after(.milliseconds(500)))
            channel.close()
        }
        channel = nil
        terminal = nil
        feed.end(exit: exit, reason: reason)
        isClosed = true
        for continuation in closeWaits { continuation.resume() }
        closeWaits = []
    }

    /// Waits until the session was closed, at most until the deadline.
    /// - Returns: whether it was.
    func waitUntilClosed(until deadline: Deadline) async -> Bool {
        if isClosed { return true }
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            self.stopWaiting()
        }
        await withCheckedContinuation { closeWaits.append($0) }
        timer.cancel()
        return isClosed
    }

    private func stopWaiting() {
        for continuation in closeWaits { continuation.resume() }
        closeWaits = []
    }
}
