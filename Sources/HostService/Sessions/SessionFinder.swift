import CgroupPty
import FoundationEssentials
import HostProtocol
import Logging
import SessionIndex

/// Finds again, in a new host, the sessions that outlived an earlier one: their terminals in what the manager has kept, their
/// leaders by their pidfd or by number and start time.
///
/// Every stored descriptor is matched with the row and the kernel, and then adopted or closed. One whose session has no row is
/// kept for as long as its leader lives: the index may be an old copy, and the reaper gives the row back (I4).
struct SessionFinder: Sendable {
    let context: HostContext
    let registry: SessionRegistry
    let ender: SessionEnder

    /// Takes the terminals over, before anybody is served. Nothing is ended here.
    /// - Throws: ``IndexFailure``; what was not looked at stays with the manager.
    func adopt(_ stored: [StoredSession], for rows: [SessionRow]) async throws(IndexFailure) {
        let byID = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
        for session in stored {
            if let row = byID[session.session] {
                if let live = open(session, for: row) { await registry.insert(live) }
            } else if session.leaderLives != false {
                await registry.keep(session)
            } else {
                try await letGo(of: session)
            }
        }
        let count = await registry.count
        if count > 0 { context.logger.notice("Continued \(count) terminals of an earlier host.") }
    }

    /// Makes the output of sessions that ended under an earlier host readable again, for as long as their rows are there.
    /// - Throws: ``IndexFailure``; what was not looked at stays with the manager.
    func adopt(
        _ stored: [(name: String, output: Result<TerminalFeed, OutputRing.Refusal>)]
    ) async throws(IndexFailure) {
        var found: [(output: TerminalFeed, row: SessionRow)] = []
        for (name, result) in stored {
            switch result {
            case .success(let output):
                if let row = try await endedRow(of: output.session) {
                    found.append((output, row))
                } else {
                    context.store.forget(storedAs: name)
                }
            case .failure(let refusal):
                context.store.forget(storedAs: name)
                context.logger.error("What was kept as \(name) cannot be read: \(refusal). That output is lost.")
            }
        }
        // Who ended first goes first, as before.
        found.sort { $0.row.endedAt ?? .distantPast < $1.row.endedAt ?? .distantPast }
        for (output, row) in found {
            output.end(
                exit: row.exit.map { SessionDocument.Exit($0) },
                reason: row.endReason.flatMap { SessionDocument.EndReason(rawValue: $0.rawValue) })
            for old in await registry.insertEnded(output) { context.store.forget(old) }
        }
    }

    private func endedRow(of session: SessionID) async throws(IndexFailure) -> SessionRow? {
        let row = try await context.index.session(session)
        return row?.status.isEnded == true ? row : nil
    }

    private func open(_ stored: StoredSession, for row: SessionRow) -> LiveSession? {
        do throws(SessionPack.Refusal) {
            guard row.bootID == context.bootID, let leader = row.leader else {
                throw SessionPack.Refusal(description: "its row is of another boot, or has no leader")
            }
            let contents = try stored.open(device: row.terminalDevice, leader: leader, procfs: context.procfs)
            return try live(row.id, contents)
        } catch {
            context.store.forget(row.id)
            context.logger.error(
                "Session \(row.id): what was kept of its terminal cannot be used: \(error). Its terminal is lost.",
                metadata: .session(row, outcome: "unknown", context.instance))
            return nil
        }
    }

    private func live(
        _ id: SessionID, _ contents: sending SessionPack.Contents
    ) throws(SessionPack.Refusal) -> LiveSession {
        let (terminal, leader) = (contents.terminal, contents.leader)
        do throws(SystemCallFailure) {
            let held = try HeldTerminal(
                session: id, terminal: terminal, leader: leader, ring: contents.ring, context)
            return LiveSession(id: id, leader: leader, held: held, monitor: context.monitor)
        } catch {
            throw SessionPack.Refusal(description: "\(error)")
        }
    }

    /// Holds and watches a session that this host did not start: of an earlier host, or one that the reaper gave its row back.
    func takeUnderCare(_ row: SessionRow) async {
        guard row.bootID == context.bootID else { return }
        if let live = await registry.session(row.id) {
            // Its terminal was adopted at the start.
            return watch(row, live)
        }
        if let stored = await registry.claim(row.id), let live = open(stored, for: row) {
            await registry.insert(live)
            return watch(row, live)
        }
        guard !row.status.isEnded else { return }
        do throws(SystemCallFailure) {
            let leader = try await ender.pinnedLeader(row)
            let live = LiveSession(id: row.id, leader: leader, held: nil, monitor: context.monitor)
            if leader != nil {
                await registry.insert(live)
                watch(row, live)
            }
        } catch {
            context.logger.error(
                "Session \(row.id): its leader cannot be pinned: \(error). The reaper will look at it.",
                metadata: .session(row, outcome: "unknown", context.instance))
        }
    }

    /// Lets go of the terminals of sessions without a row whose leader has exited.
    ///
    /// To be called after a pass that has explained every unit: until then a session whose leader is gone can still be given its row.
    func forgetUnclaimed() async {
        for session in await registry.takeUnclaimed(where: { $0.leaderLives == false }) {
            do throws(IndexFailure) {
                try await letGo(of: session)
            } catch {
                await registry.keep(session)
            }
        }
    }

    /// Puts the output of a session aside whose end an earlier host had written down. What nothing is known of is forgotten.
    private func letGo(of session: StoredSession) async throws(IndexFailure) {
        guard let row = try await endedRow(of: session.session), let live = open(session, for: row) else {
            context.logger.notice(
                "Session \(session.session): nothing but its terminal is left of it, and its leader has exited. It is let go of."
            )
            return context.store.forget(session.session)
        }
        await registry.insert(live)
        await ender.letGo(of: row.id, exit: row.exit, reason: row.endReason)
    }

    /// How long programs may take to read what waits for them: no longer than a restart that nobody notices.
    private static let inputPatience = Duration.milliseconds(200)

    /// Lets the terminals take what was typed and waits, before this process ends and they live on. What a program does not read soon is
    /// lost, and said to be. To be called when nobody can type any more.
    func finishInput() async {
        await withDiscardingTaskGroup { group in
            for session in await registry.all() {
                guard let held = session.held else { continue }
                group.addTask {
                    let count = await held.channel.waitUntilWritten(until: .after(Self.inputPatience))
                    guard count > 0 else { return }
                    context.logger.warning(
                        "Session \(session.id): \(count) bytes of input are lost; its program did not read them before this host ended."
                    )
                }
            }
        }
    }

    /// Packs all that a successor of this process needs: every terminal, the output of those that are over, and the socket. What
    /// cannot be packed is lost with this process, and does not take the others with it.
    /// - Throws: ``SystemCallFailure``: the own program cannot be found.
    func successor(
        socket: consuming OwnedFileDescriptor, name: String
    ) async throws(SystemCallFailure) -> Successor {
        var successor = Successor(path: try Successor.ownPath())
        successor.add(socket, name: name)
        for session in await registry.all() {
            guard let held = session.held, let leader = session.leader else { continue }
            do throws(SystemCallFailure) {
                let pack = try held.feed.pack(held.terminal, leader: leader)
                successor.add(pack.release(), name: StoredSession.name(of: session.id))
            } catch {
                context.logger.error("Session \(session.id): its terminal cannot be handed over and is lost: \(error)")
            }
        }
        for stored in await registry.allUnclaimed() {
            do throws(SystemCallFailure) {
                successor.add(try stored.duplicate(), name: StoredSession.name(of: stored.session))
            } catch {
                context.logger.error(
                    "Session \(stored.session): its terminal cannot be handed over and is lost: \(error)")
            }
        }
        for output in await registry.endedOutputs() {
            do throws(SystemCallFailure) {
                successor.add(try output.copyMemory(), name: StoredOutput.name(of: output))
            } catch {
                context.logger.error(
                    "Session \(output.session): its output cannot be handed over and is lost: \(error)")
            }
        }
        return successor
    }

    private func watch(_ row: SessionRow, _ live: LiveSession) {
        Task.detached { [ender] in
            if row.status == .exited { await ender.watchRest(row, live) } else { await ender.watch(row, live) }
        }
    }
}
