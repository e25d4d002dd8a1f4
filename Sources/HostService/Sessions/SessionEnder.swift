import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import Logging
import Reaper
import SessionIndex

/// Ends sessions and writes down what the kernel said: for a kill, for the leader's own exit, and for the end of a workspace.
///
/// A row is marked only after the kernel confirmed (I2, I9). After a failed or unknown kill the row is `active` again, keeps its
/// stamp, and is the reaper's.
struct SessionEnder: Sendable {
    let context: HostContext
    let registry: SessionRegistry
    /// Tells the reaper that something is left to it.
    let failedKills: AsyncStream<Void>.Continuation
    let limitWatch: LimitWatch

    /// Ends a session because somebody asked for it. A second request joins the first.
    /// - Parameters:
    ///   - reason: what the row will say.
    ///   - isStamped: Whether the wish is on record already. Else it is recorded first, and where it cannot be nothing is done.
    func kill(
        _ row: SessionRow, reason: SessionRow.EndReason, force: Bool, isStamped: Bool = false
    ) async -> SessionEndDocument {
        if !isStamped {
            do {
                _ = try await context.index.stampDispose(row.id, because: reason, at: .now)
            } catch {
                return SessionEndDocument(
                    unended: row, detail: "stamp session \(row.id): \(error); nothing was signalled")
            }
        }
        // Its creation may be between the row and the hold: its leader is collected by whom holds it. The stamp cuts it short.
        await registry.waitForCreation(of: row.id)
        guard let live = await registry.session(row.id) else { return await endStamped(row, nil, reason, force) }
        return await live.end { await endStamped(row, live, reason, force) }
    }

    private func endStamped(
        _ row: SessionRow, _ live: LiveSession?, _ reason: SessionRow.EndReason, _ force: Bool
    ) async -> SessionEndDocument {
        await context.reach(.killStamped)
        let leader: Pidfd?
        do {
            leader = try await pinnedLeader(row)
        } catch {
            failedKills.yield()
            return SessionEndDocument(
                unended: row, detail: "pin the leader of session \(row.id): \(error); nothing was signalled")
        }
        guard let scope = ScopeName(unit: row.unit), scope.instance == context.instance else {
            return SessionEndDocument(
                unended: row, detail: "end \(row.unit): not a scope of this instance; nothing was signalled")
        }
        var report = await context.stop.stop(.init(scope), leaders: leader.map { [$0] } ?? [], force: force)
        await context.reach(.scopeEnded)
        await endTagged(row, &report)
        return await settle(row, live, report, ended: .disposed, reason: reason, membersLeft: nil)
    }

    /// Writes down the end of a session whose scope has been ended, or gives the row back.
    func settle(
        _ row: SessionRow, _ live: LiveSession?, _ report: StopReport, ended: SessionRow.Ending,
        reason: SessionRow.EndReason, membersLeft: Int?
    ) async -> SessionEndDocument {
        let document = SessionEndDocument(row, report)
        do {
            try await record(row, live, report, document, ended: ended, reason: reason, membersLeft: membersLeft)
        } catch {
            context.logger.error(
                "Session \(row.id): the end could not be written down: \(error). The reaper will look at it.",
                metadata: .session(row, outcome: document.outcome.rawValue, context.instance))
            failedKills.yield()
        }
        return document
    }

    private func record(
        _ row: SessionRow, _ live: LiveSession?, _ report: StopReport, _ document: SessionEndDocument,
        ended: SessionRow.Ending, reason: SessionRow.EndReason, membersLeft: Int?
    ) async throws(IndexFailure) {
        let exit = await live?.leaderExit()
        guard case .confirmed = report.outcome else {
            _ = try await context.index.restoreActive(
                row.id, lastOutcome: document.detail ?? document.outcome.rawValue)
            context.tell(.sessionSurvived(row, document))
            failedKills.yield()
            return
        }
        let isNew = try await context.index.markEnded(
            row.id, from: [.starting, .active, .stopping, .exited], status: ended, reason: reason, exit: exit,
            outcome: "confirmed", membersLeft: membersLeft, at: .now)
        await letGo(of: row.id, exit: exit, reason: reason)
        // Somebody else may have written it down a moment ago.
        guard isNew else { return }
        context.tell(.sessionEnded(row, ended, document, reason: reason, exit: exit, membersLeft: membersLeft))
    }

    /// Writes down what only this host knows, every few seconds anew while the index cannot be written: the reaper could only say that the
    /// session was lost.
    /// - Returns: nil when the session is not held any more, or when the task was cancelled.
    private func untilRecorded<Result>(
        _ row: SessionRow, _ live: LiveSession, _ outcome: String, _ write: () async throws(IndexFailure) -> Result
    ) async -> Result? {
        var isTold = false
        while await registry.session(row.id) === live {
            do throws(IndexFailure) {
                return try await write()
            } catch {
                if !isTold {
                    context.logger.error(
                        "Session \(row.id): the end could not be written down: \(error). It is tried again.",
                        metadata: .session(row, outcome: outcome, context.instance))
                }
                isTold = true
            }
            do { try await Task.sleep(for: .seconds(5)) } catch { return nil }
        }
        return nil
    }

    /// Watches a leader and does what `on_exit` says once it has exited. Ends with the session, or with the task.
    func watch(_ row: SessionRow, _ live: LiveSession) async {
        await limitWatch.during(row) { await watchLeader(row, live) }
    }

    private func watchLeader(_ row: SessionRow, _ live: LiveSession) async {
        guard let leader = live.leader else { return }
        do {
            guard try await leader.waitForExit(context.monitor, until: nil) else { return }
        } catch {
            context.logger.error(
                "Session \(row.id): its leader cannot be watched: \(error). The reaper will look at it.",
                metadata: .session(row, outcome: "unknown", context.instance))
            return
        }
        // Whoever stamped it ends it, and knows why.
        guard await !isStamped(row) else { return }
        // Where it cannot be known whether others are left, they are (I3).
        if row.onExit == .keep, members(row) != 0 {
            await keep(row, live)
        } else {
            _ = await live.end { await leaderExited(row, live) }
        }
    }

    private func isStamped(_ row: SessionRow) async -> Bool {
        do {
            return try await context.index.session(row.id)?.disposeRequestedAt != nil
        } catch {
            // Then the end itself will meet the same failure, and say so.
            return false
        }
    }

    /// Ends what a leader has left behind.
    func leaderExited(_ row: SessionRow, _ live: LiveSession) async -> SessionEndDocument {
        guard let scope = ScopeName(unit: row.unit) else {
            return SessionEndDocument(unended: row, detail: "not a scope's name")
        }
        // While the scope is there: what the kernel has counted goes with it.
        let wasOutOfMemory = limitWatch.wasOutOfMemory(row)
        let left = members(row) ?? 0
        let report = await context.stop.stop(.init(scope), leaders: live.leader.map { [$0] } ?? [], force: false)
        let (document, reason) = (SessionEndDocument(row, report), await reason(live, wasOutOfMemory))
        _ = await untilRecorded(row, live, document.outcome.rawValue) { () async throws(IndexFailure) in
            // The person wanted it gone with its leader: the stamp makes it the reaper's.
            if report.outcome != .confirmed { _ = try await context.index.stampDispose(row.id, at: .now) }
            try await record(row, live, report, document, ended: .exited, reason: reason, membersLeft: left)
        }
        return document
    }

    /// Writes the leader's exit down and lets the others run: they end by themselves, by a kill, or with the workspace. The
    /// terminal stays theirs until then.
    private func keep(_ row: SessionRow, _ live: LiveSession) async {
        live.held?.channel.leaderExited()
        let wasOutOfMemory = limitWatch.wasOutOfMemory(row)
        let (exit, reason, left) = (await live.leaderExit(), await reason(live, wasOutOfMemory), members(row))
        let isKept = await untilRecorded(row, live, "kept") { () async throws(IndexFailure) in
            try await context.index.markEnded(
                row.id, from: [.active], status: .exited, reason: reason, exit: exit, outcome: "kept",
                membersLeft: left, at: .now)
        }
        live.tellEnd()
        guard isKept == true else { return }
        context.tell(.leaderExited(row, reason: reason, exit: exit, membersLeft: left))
        await watchRest(row, live)
    }

    /// Watches what a leader has left behind, and lets go of the terminal once nothing is left.
    func watchRest(_ row: SessionRow, _ live: LiveSession) async {
        guard let scope = ScopeName(unit: row.unit) else { return }
        do {
            if case .found(let cgroup) = context.ground.look(scope.path) {
                var (state, until) = (CgroupDirectory.Emptiness.stillPopulated, Deadline.now)
                while state == .stillPopulated, until.hasPassed {
                    until = .after(.seconds(3600))
                    state = try await cgroup.waitUntilEmpty(context.monitor, until: until)
                }
                // Before its time: nobody watches any more, since the host ends.
                if state == .stillPopulated { return }
            }
            await letGo(
                of: row.id, exit: await live.leaderExit(), reason: try await context.index.session(row.id)?.endReason)
        } catch {
            logUnwatched(row, error)
        }
    }

    private func logUnwatched(_ row: SessionRow, _ failure: any Error) {
        context.logger.error(
            "Session \(row.id): its remaining processes cannot be watched: \(failure). The reaper will look at it.",
            metadata: .session(row, outcome: "unknown", context.instance))
    }

    private func reason(_ live: LiveSession, _ wasOutOfMemory: Bool) async -> SessionRow.EndReason {
        guard case .signal(let signal) = await live.leaderExit() else { return .exited }
        return signal == SIGKILL && wasOutOfMemory ? .oom : .signalled
    }

    /// Processes of the session outside its scope but inside the workspace's slice, as tmux puts its panes: ended like the rest.
    private func endTagged(_ row: SessionRow, _ report: inout StopReport) async {
        guard report.outcome == .confirmed, let scope = ScopeName(unit: row.unit) else { return }
        let survivors = await TaggedSurvivors(context: context).end(of: scope)
        if let failure = survivors { report.outcome = failure }
    }

    /// The leader of a session, pinned: the one that is held, or the one that is on record.
    /// - Returns: nil when that one is gone.
    /// - Throws: ``SystemCallFailure``: whether it lives is not known (I3).
    func pinnedLeader(_ row: SessionRow) async throws(SystemCallFailure) -> Pidfd? {
        if let leader = await registry.session(row.id)?.leader { return leader }
        // A number of another boot means nothing.
        guard row.bootID == context.bootID, let identity = row.leader else { return nil }
        return try Pidfd.open(identity, in: context.procfs)
    }

    /// Lets go of what the host holds of a session that is over, but for its output.
    ///
    /// What is kept of the terminal is forgotten last: a host that is killed in between leaves it to the next one, with what had not
    /// been read yet.
    func letGo(of id: SessionID, exit: SessionRow.Exit?, reason: SessionRow.EndReason?) async {
        await context.reach(.endRecorded)
        guard let (session, dropped) = await registry.remove(id) else {
            // Not what another is about to put aside.
            if await !registry.isLeaving(id) { context.store.forget(id) }
            return
        }
        await session.close(
            exit: exit.map { SessionDocument.Exit($0) },
            reason: reason.flatMap { SessionDocument.EndReason(rawValue: $0.rawValue) })
        if let output = session.feed {
            keep(output)
            // It may have been removed, or dropped for another, while the terminal was read to its end.
            if await registry.endedOutput(id) !== output { context.store.forget(output) }
        }
        for old in dropped { context.store.forget(old) }
        context.store.forget(id)
        await registry.hasLeft(id)
    }

    private func keep(_ output: TerminalFeed) {
        // No descriptor of ours outlives the session.
        guard context.keepsOutputs else { return output.closeMemory() }
        do throws(SystemCallFailure) {
            if let memory = try output.releaseMemory() { context.store.keep(output, in: memory) }
        } catch {
            context.logger.error("Session \(output.session): its output will not outlive this host: \(error)")
        }
    }

    /// Lets go of the output of sessions whose rows are gone: with their workspace, or with their age.
    func forgetRemoved() async {
        let outputs = await registry.endedOutputs()
        do {
            let recorded = try await context.index.recorded(outputs.map(\.session))
            for output in outputs where !recorded.contains(output.session) {
                await registry.removeEnded(output.session)
                context.store.forget(output)
            }
        } catch {
            context.logger.error("Which outputs of ended sessions may go cannot be read: \(error)")
        }
    }

    /// Processes in a session's scope; nil when that cannot be known.
    private func members(_ row: SessionRow) -> Int? {
        guard let scope = ScopeName(unit: row.unit) else { return nil }
        switch context.ground.look(scope.path) {
        case .absent: return 0
        case .unknown: return nil
        case .found(let cgroup):
            do { return try cgroup.members().count } catch { return nil }
        }
    }
}

extension SessionEndDocument {
    /// What clients are told of a session whose end is not known, and why.
    init(unended row: SessionRow, detail: String, members: Int = 0) {
        self.init(
            session: row.id.rawValue, unit: row.unit, outcome: .unknown, ended: nil, membersSignalled: members,
            durationMs: 0, survivors: [], detail: detail)
    }

    /// What clients are told of a stop.
    init(_ row: SessionRow, _ report: StopReport) {
        self.init(
            session: row.id.rawValue, unit: row.unit, outcome: .unknown,
            ended: report.means.flatMap { SessionEndDocument.Ended(rawValue: $0.rawValue) },
            membersSignalled: report.means == .exited ? 0 : report.membersSignalled ?? 0,
            durationMs: report.milliseconds,
            survivors: [], detail: nil)
        switch report.outcome {
        case .confirmed: outcome = .confirmed
        case .unkillable(let left):
            outcome = .unkillable
            survivors = left.map { SurvivorDocument($0) }
            detail = "\(left.count) left after SIGKILL: \(Survivor.list(left))"
        case .unknown(let reason):
            outcome = .unknown
            detail = reason
        }
    }
}

extension SurvivorDocument {
    /// What clients are told of a survivor.
    init(_ survivor: Survivor) {
        self.init(
            pid: Int(survivor.pid.rawValue), command: survivor.command, state: String(survivor.state),
            wchan: survivor.waitChannel, cgroup: survivor.cgroup)
    }
}

extension SessionDocument.Exit {
    /// How the leader ended.
    init(_ exit: SessionRow.Exit) {
        switch exit {
        case .code(let code): self.init(code: Int(code), signal: nil)
        case .signal(let signal): self.init(code: nil, signal: Int(signal))
        }
    }
}
