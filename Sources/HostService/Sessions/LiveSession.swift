import CgroupPty
import HostProtocol
import SessionIndex

/// What the host holds of a session that has not ended: its terminal, its output, its pinned leader.
///
/// Everything that must survive the host is in the index, and in the descriptors that the manager keeps for the next one.
actor LiveSession {
    /// How the leader's end and a kill relate: whoever comes first ends the session, the other waits for it.
    enum Ending: Sendable {
        case none
        case underWay(Task<SessionEndDocument, Never>)
    }

    nonisolated let id: SessionID
    /// Nil when it could not be pinned: it was gone when we looked.
    nonisolated let leader: Pidfd?
    private nonisolated let terminal: Locked<HeldTerminal?>
    /// The output, also after the end. Nil when an earlier host lost the terminal.
    nonisolated let feed: TerminalFeed?
    private let monitor: ReadinessMonitor
    private nonisolated let sizes = Locked(SizeRule())
    private var ending = Ending.none
    private nonisolated let endBells = Locked<[ObjectIdentifier: Bell]>([:])
    private var knownExit: SessionRow.Exit?
    private var isClosed = false
    private var closeWaits: [CheckedContinuation<Void, Never>] = []

    /// A session that was just started, or one found again after a restart.
    init(id: SessionID, leader: Pidfd?, held: HeldTerminal?, monitor: ReadinessMonitor) {
        self.id = id
        self.leader = leader
        terminal = Locked(held)
        feed = held?.feed
        self.monitor = monitor
    }

    /// The terminal. Nil when an earlier host lost it, and after the end.
    nonisolated var held: HeldTerminal? { terminal.withLock { $0 } }

    /// Whether a kill or the leader's exit is being carried out.
    var isEnding: Bool { if case .underWay = ending { true } else { false } }

    /// Rings a bell whenever the session's row may say that it has ended, until ``stopRinging(_:)``.
    nonisolated func ringAtEnd(_ bell: Bell) { endBells.withLock { $0[ObjectIdentifier(bell)] = bell } }

    /// Rings a bell no more.
    nonisolated func stopRinging(_ bell: Bell) {
        endBells.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(bell)) }
    }

    /// The row says that the session has ended.
    nonisolated func tellEnd() {
        for bell in endBells.withLock({ Array($0.values) }) { bell.ring() }
    }

    /// Writes input to the terminal; suspends until the terminal has taken it.
    nonisolated func send(_ bytes: [UInt8]) async throws {
        guard let held else { throw terminalGone("write to") }
        try check(await held.channel.send([bytes]), bytes.count)
    }

    /// Takes input over for the terminal, which may take it later: one write each, with nobody else's in between.
    nonisolated func enqueue(_ writes: [[UInt8]]) throws {
        guard let held else { throw terminalGone("write to") }
        try check(held.channel.enqueue(writes), writes.joined().count)
    }

    private nonisolated func terminalGone(_ verb: String) -> HostFailure {
        feed == nil
            ? .terminalLost("\(verb) session \(id): its terminal was lost when the host restarted")
            : .sessionEnded("\(verb) session \(id): it has ended; nothing was done")
    }

    private nonisolated func check(_ outcome: TerminalChannel.WriteOutcome, _ count: Int) throws {
        switch outcome {
        case .written: return
        case .full:
            throw HostFailure.inputFull(
                "write \(count) bytes to session \(id): its program does not read; nothing was written")
        case .closed:
            throw HostFailure.sessionEnded("write to session \(id): its terminal is hung up; the bytes are lost")
        }
    }

    /// Changes the terminal's size, whoever is attached.
    nonisolated func resize(to size: WindowSize) throws {
        guard let held else { throw terminalGone("resize") }
        try held.feed.resize(held.terminal, to: size)
    }

    /// Writes a client's input if the terminal takes it without a wait.
    /// - Returns: false when nothing was written.
    nonisolated func sendAtOnce(_ bytes: [UInt8], by client: UInt64) -> Bool {
        guard let held else { return false }
        do { try typed(bytes, by: client) } catch {
            // A terminal that has no size any more takes no input either: the long way says why.
            return false
        }
        return held.channel.sendAtOnce(bytes)
    }

    /// A client tells its window's size. See ``SizeRule``.
    /// - Parameter idle: for how long its user has not typed.
    nonisolated func resize(to size: WindowSize, by client: UInt64, idle: Duration = .zero) throws {
        try decide { $0.resized(client, to: size, at: .now - idle) }
    }

    /// A client types, or its terminal answers a program, which decides nothing.
    nonisolated func typed(_ bytes: [UInt8], by client: UInt64) throws {
        if TerminalReports.areAll(bytes) { return }
        try decide { $0.typed(client) }
    }

    /// A client has gone.
    nonisolated func left(_ client: UInt64) throws {
        guard held != nil else { return }
        try decide { $0.left(client) }
    }

    /// Sets the size that a rule says, before another client can decide: else the later decision could be set first.
    private nonisolated func decide(_ rule: (inout SizeRule) -> WindowSize?) throws {
        try sizes.withLock { sizes in
            if let size = rule(&sizes) { try resize(to: size) }
        }
    }

    /// How the leader ended; collects it if it is our child. Nil while it runs and where the kernel cannot tell.
    func leaderExit() async -> SessionRow.Exit? {
        if let knownExit { return knownExit }
        do throws(SystemCallFailure) {
            // A leader of an earlier host's is collected by the manager, which may take a moment; the status is there after that.
            guard let leader, try leader.hasExited() else { return nil }
            switch try await leader.exitStatus(monitor, until: .after(.seconds(2))) {
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
        // A kill that was not confirmed, or not written down, can be tried again.
        if result.outcome != .confirmed || !isClosed { ending = .none }
        return result
    }

    /// Reads what the terminal still holds, then lets go of it and tells the attached clients.
    func close(exit: SessionDocument.Exit?, reason: SessionDocument.EndReason?) async {
        if let held = terminal.withLock({ $0.take() }) {
            held.channel.leaderExited()
            _ = await held.channel.waitUntilDrained(until: .after(.milliseconds(500)))
            held.close()
            held.feed.end(exit: exit, reason: reason)
        }
        isClosed = true
        for continuation in closeWaits { continuation.resume() }
        closeWaits = []
        tellEnd()
    }

    /// Waits until the session was closed, at most until the deadline, or until the task is cancelled.
    /// - Returns: whether it was.
    func waitUntilClosed(until deadline: Deadline) async -> Bool {
        if isClosed { return true }
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            self.stopWaiting()
        }
        await withTaskCancellationHandler {
            // A cancellation before this has nobody to wake.
            if !Task.isCancelled { await withCheckedContinuation { closeWaits.append($0) } }
        } onCancel: {
            Task { await self.stopWaiting() }
        }
        timer.cancel()
        return isClosed
    }

    private func stopWaiting() {
        for continuation in closeWaits { continuation.resume() }
        closeWaits = []
    }
}
