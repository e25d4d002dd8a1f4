import CgroupPty
import FoundationEssentials
import SessionIndex

extension PassRun {
    /// Carries one verdict out; nil for one that asks for nothing.
    func carryOut(_ verdict: Verdict, _ claims: IndexClaims) async -> PassRecord? {
        switch verdict {
        case .reap(let scope, let row, let evidence): await reap(scope, row, evidence, claims)
        case .endSlice(_, let workspace, let evidence): await endSlice(workspace, evidence)
        case .recover(let scope, let members): await recover(scope, members, claims)
        case .reactivate(let row): await reactivate(row)
        case .conclude(let row, let conclusion, let absence): await conclude(row, conclusion, absence)
        case .stopUnit(let unit, let absence), .resetUnit(let unit, let absence): await tidy(unit, absence, claims)
        case .keep, .settled, .belongs, .remember, .unclaimed, .foreign, .leave: nil
        }
    }

    private func reap(
        _ scope: ScopeName, _ row: SessionRow?, _ evidence: Evidence, _ claims: IndexClaims
    ) async -> PassRecord {
        if let doubt = await doubt(about: scope, judgedFrom: row) { return spared(.scope(scope), doubt) }
        if let doubt = await doubt(about: scope.workspace, evidence.condemnation) {
            return spared(.scope(scope), doubt)
        }
        let gone = evidence.leaderPlace == nil ? await doubtThatPopulated(scope) : await doubtThatLives(row?.leader)
        if let gone { return spared(.scope(scope), gone) }
        var row = row
        if let judged = row, judged.disposeRequestedAt == nil, judged.status != .disposed {
            do throws(IndexFailure) {
                // What is about to be done is on the disk before it is done (I7).
                row = try await index.stampDispose(judged.id, at: Date())
            } catch {
                return spared(.scope(scope), .unreadable("\(error)"))
            }
            guard let stamped = row, stamped.status != .disposed, stamped.status.isEnded == judged.status.isEnded else {
                return spared(.scope(scope), .overtaken("its row changed"))
            }
        }
        let (leaders, unpinned) = await leaders(of: row)
        var stop = await instruments.stop(ScopeStop.Target(scope), leaders.map(\.pidfd), patience)
        // It could not be pinned before. Only if it can be seen to be gone is its session over (I2).
        if stop.outcome == .confirmed, let leader = unpinned, let doubt = await doubtThatExited(leader) {
            stop.outcome = .unknown("its scope is empty; its leader, process \(leader.pid): \(doubt)")
        }
        guard stop.outcome == .confirmed else { return await failed(.scope(scope), row, stop) }
        let ownLeader = leaders.first { !$0.isHosts }?.pidfd
        let note = await recordEnd(of: row, evidence, claims, exit: exit(of: ownLeader), stop)
        return reaped(.scope(scope), evidence, stop, note)
    }

    /// Ends a slice whole, once no session is left in it (I6: the cgroups in it are not ours to write to one by one).
    private func endSlice(_ workspace: WorkspaceID, _ evidence: Evidence) async -> PassRecord {
        let unit = OwnUnit.slice(instance, workspace)
        if isStopped() || deadline.hasPassed { return spared(unit, .noTime) }
        if await host.runningSagas().contains(workspace) { return spared(unit, .sagaRunning) }
        if let doubt = await doubt(about: workspace, evidence.condemnation) { return spared(unit, doubt) }
        switch await instruments.slice(workspace, soon) {
        case .unknown(let reason): return spared(unit, .unreadable(reason))
        case .known(.none): return spared(unit, .overtaken("it ended by itself"))
        case .known(.some(let contents)):
            if contents.couldHoldSessions { return spared(unit, .sliceInUse) }
            if !contents.isPopulated { return spared(unit, .overtaken("it ended by itself")) }
        }
        let stop = await instruments.stop(ScopeStop.Target(.workspace(instance, workspace)), [], patience)
        guard stop.outcome == .confirmed else { return await failed(unit, nil, stop) }
        return reaped(unit, evidence, stop, nil)
    }

    private func tidy(_ unit: OwnUnit, _ absence: Absence, _ claims: IndexClaims) async -> PassRecord {
        if let doubt = await doubtThatEmpty(unit, claims) { return spared(unit, doubt) }
        switch await instruments.tidy(unit, min(deadline, .after(.seconds(10)))) {
        case .known(let result): return PassRecord(.tidied, unit, "\(absence); \(result)")
        case .unknown(let reason): return spared(unit, .unreadable(reason))
        }
    }

    // MARK: Leaders

    private struct PinnedLeader {
        let pidfd: Pidfd
        /// Whether the host holds it, and so is the one to collect it.
        let isHosts: Bool
    }

    /// The session's leader, pinned, or the one that could not be pinned.
    private func leaders(of row: SessionRow?) async -> ([PinnedLeader], unpinned: ProcessIdentity?) {
        guard let row else { return ([], nil) }
        if let held = await host.leader(row.id) { return ([PinnedLeader(pidfd: held, isHosts: true)], nil) }
        // A pid of another boot means nothing in this one.
        guard row.bootID == bootID, let leader = row.leader else { return ([], nil) }
        switch await instruments.pin(leader) {
        case .known(let pidfd): return (pidfd.map { [PinnedLeader(pidfd: $0, isHosts: false)] } ?? [], nil)
        case .unknown: return ([], leader)
        }
    }

    private func exit(of leader: Pidfd?) -> SessionRow.Exit? {
        do throws(SystemCallFailure) {
            switch try leader?.exitStatus() {
            case .code(let code): return .code(code)
            case .signal(let signal): return .signal(signal)
            case .notKnown, nil: return nil
            }
        } catch {
            return nil  // how it ended is a courtesy; that it ended is known
        }
    }

    /// What is left of the pass is what a stop is given, so that many stuck scopes do not make it endless (I8).
    private var patience: ScopeStop.Patience {
        var patience = ScopeStop.Patience()
        let left = deadline.remaining
        patience.grace = min(patience.grace, max(.milliseconds(500), left / 2))
        patience.kill = min(patience.kill, max(.milliseconds(500), left / 4))
        return patience
    }

    // MARK: Records

    /// Marks a reaped session's row; says what is worth knowing about it.
    private func recordEnd(
        of row: SessionRow?, _ evidence: Evidence, _ claims: IndexClaims, exit: SessionRow.Exit?, _ stop: StopReport
    ) async -> String? {
        guard let row else { return nil }
        let outcome = "reaped: \(evidence.condemnation); confirmed"
        let (from, ending, reason) = end(of: row, evidence.condemnation, claims)
        do throws(IndexFailure) {
            guard let ending else {
                _ = try await index.recordOutcome(row.id, lastOutcome: outcome)
                return nil
            }
            let isMarked = try await index.markEnded(
                row.id, from: from, status: ending, reason: reason, exit: row.exit == nil ? exit : nil,
                outcome: outcome,
                at: Date())
            guard isMarked else { return "its row was changed by somebody else" }
            await host.sessionEnded(row.id, ending, reason)
            return nil
        } catch {
            return "its row could not be changed: \(error)"
        }
    }

    /// How a reaped session ended: what its row says already stays; a start that came to nothing is no kill.
    private func end(
        of row: SessionRow, _ condemnation: Evidence.Condemnation, _ claims: IndexClaims
    ) -> (Set<SessionRow.Status>, SessionRow.Ending?, SessionRow.EndReason) {
        let isWorkspaceGone = row.originWorkspaceID == nil || claims.workspace(row.workspaceID)?.state == .deleting
        let reason: SessionRow.EndReason = isWorkspaceGone ? .workspaceDeleted : row.disposeReason ?? .killed
        switch row.status {
        case .disposed: return ([], nil, reason)
        case .exited: return ([.exited], .disposed, row.endReason ?? reason)
        case .starting:
            if case .startAbandoned = condemnation { return ([.starting], .exited, .startFailed) }
            return ([.starting], .disposed, reason)
        case .active, .stopping: return ([.active, .stopping], .disposed, reason)
        }
    }

    private func reaped(_ unit: OwnUnit, _ evidence: Evidence, _ stop: StopReport, _ note: String?) -> PassRecord {
        var outcome = "\(evidence.condemnation); confirmed"
        if let means = stop.means { outcome += " (\(means.rawValue))" }
        for remark in stop.remarks + (note.map { [$0] } ?? []) { outcome += "; \(remark)" }
        return PassRecord(.reaped, unit, outcome, members: stop.membersSignalled, milliseconds: stop.milliseconds)
    }

    private func failed(_ unit: OwnUnit, _ row: SessionRow?, _ stop: StopReport) async -> PassRecord {
        var outcome = stop.outcomeText
        if let row {
            do throws(IndexFailure) {
                // The stamp stays, and so does the wish; only the row's claim that it lives comes back.
                if try await !index.restoreActive(row.id, lastOutcome: outcome) {
                    _ = try await index.recordOutcome(row.id, lastOutcome: outcome)
                }
            } catch {
                outcome += "; its row could not be changed: \(error)"
            }
        }
        for remark in stop.remarks { outcome += "; \(remark)" }
        return PassRecord(.failed, unit, outcome, members: stop.membersSignalled, milliseconds: stop.milliseconds)
    }

    func spared(_ unit: OwnUnit, _ doubt: Doubt) -> PassRecord { PassRecord(.spared(doubt), unit, "\(doubt)") }
}

extension StopReport {
    /// The outcome in words, as it is kept in a row.
    var outcomeText: String {
        switch outcome {
        case .confirmed: "confirmed"
        case .unknown(let reason): "unknown (\(reason))"
        case .unkillable(let left):
            "unkillable (\(left.isEmpty ? "no process is listed" : left.map(\.text).joined(separator: "; ")))"
        }
    }
}

extension Survivor {
    /// For instance `4711 dd in state D, io_schedule`.
    fileprivate var text: String {
        "\(pid) \(command) in state \(state)" + (waitChannel.map { ", \($0)" } ?? "")
    }
}
