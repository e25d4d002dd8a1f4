import CgroupPty
import SessionIndex

extension Reconciliation {
    /// Judges one row.
    mutating func verdict(on row: SessionRow) -> Verdict {
        let scope = ScopeName(instance: ground.instance, workspace: row.workspaceID, session: row.id)
        guard row.unit == scope.unit else { return .leave(scope.unit, .otherUnit(row.unit)) }
        if !row.status.isEnded, let absence = Absence(bootID: row.bootID, now: context.bootID) {
            return .conclude(row, .reboot, absence)  // whatever the ground says: nothing outlives a boot
        }
        switch ground.presence(of: scope) {
        case .unknown(let reason): return .leave(scope.unit, .unreadable(reason))
        case .populated: return verdict(onPopulated: scope, row)
        case .empty, .absent: return verdict(onMissing: scope, row)
        }
    }

    private func verdict(onPopulated scope: ScopeName, _ row: SessionRow) -> Verdict {
        let standing = claims.standing(of: row.workspaceID, sagas: context.sagas)
        if standing == .cared {
            return isAtWork(row) ? .keep(scope, .claimed) : .leave(scope.unit, .sagaRunning)
        }
        switch row.status {
        case .starting:
            if context.creations.contains(row.id) { return .leave(scope.unit, .creationInFlight) }
            return reap(scope, row, condemnation(of: row, standing) ?? .startAbandoned)
        case .active, .stopping:
            if let reason = contradiction(in: row) { return .leave(scope.unit, .contradiction(reason)) }
            if let condemnation = condemnation(of: row, standing) { return reap(scope, row, condemnation) }
            guard let terminals = context.terminals else { return .keep(scope, .claimed) }
            return .keep(scope, terminals.contains(row.id) ? .claimed : .terminalLost)
        case .exited:
            guard let reason = row.endReason else {
                return .leave(scope.unit, .contradiction("it has exited for no reason"))
            }
            if reason == .lost {
                guard row.bootID == context.bootID else {
                    return .leave(
                        scope.unit, .contradiction("it was lost in another boot, and its scope is of this one"))
                }
                return .reactivate(row)  // (I4) also when it is stamped: the next pass ends it as what it is
            }
            if let reason = contradiction(in: row) { return .leave(scope.unit, .contradiction(reason)) }
            if let condemnation = condemnation(of: row, standing) { return reap(scope, row, condemnation) }
            return row.onExit == .keep ? .keep(scope, .survivors) : reap(scope, row, .ended(reason))
        case .disposed:
            return reap(scope, row, .disposed)
        }
    }

    private mutating func verdict(onMissing scope: ScopeName, _ row: SessionRow) -> Verdict {
        if row.status.isEnded { return .settled(row.id) }
        guard let absence = Absence(ground.presence(of: scope)) else {
            return .leave(scope.unit, .unreadable("it was read twice, with two results"))
        }
        if context.creations.contains(row.id) { return .leave(scope.unit, .creationInFlight) }
        if context.kills.contains(row.id) { return .leave(scope.unit, .killInFlight) }
        let standing = claims.standing(of: row.workspaceID, sagas: context.sagas)
        if standing == .cared { return .leave(scope.unit, .sagaRunning) }
        switch leader(of: scope, row) {
        case .exited: break
        case .elsewhere(let cgroup): return verdict(onLeaderIn: cgroup, scope, row, standing)
        case .unknown(let reason): return .leave(scope.unit, .unreadable(reason))
        }
        let since = firstSeen(memory.missing[row.id])
        next.missing[row.id] = since
        // A wish for its end was on record before: what is not there has been ended, and needs no guard.
        if row.status != .starting, contradiction(in: row) == nil {
            switch condemnation(of: row, standing) {
            case .workspaceGone, .workspaceDeleting: return .conclude(row, .workspaceDeleted, absence)
            case .stamped, .failedKill:
                let wentWithWorkspace = row.originWorkspaceID == nil || standing.isCondemned
                return .conclude(row, wentWithWorkspace ? .workspaceDeleted : .killed, absence)
            case .disposed, .ended, .startAbandoned, .spentWorkspace, .unclaimed, nil: break
            }
        }
        let age = Duration.nanoseconds(Int64(context.now.bootNanoseconds - since))
        return age >= context.ageFloor ? .conclude(row, .lost, absence) : .leave(scope.unit, .tooYoung)
    }

    /// A leader that left its scope is the session still (I2): kept while that is to live, ended where it is when it is not.
    private func verdict(
        onLeaderIn cgroup: String, _ scope: ScopeName, _ row: SessionRow, _ standing: WorkspaceStanding
    ) -> Verdict {
        guard row.status != .starting, let leader = row.leader, contradiction(in: row) == nil,
            let condemnation = condemnation(of: row, standing),
            let evidence = Evidence(condemnation, leader, .elsewhere(cgroup))
        else { return .keep(scope, .leaderElsewhere(cgroup)) }
        return .reap(scope, row, evidence)
    }

    /// What says that a session is to end, whatever its status; nil when nothing does.
    private func condemnation(of row: SessionRow, _ standing: WorkspaceStanding) -> Evidence.Condemnation? {
        if row.disposeRequestedAt != nil || row.status == .stopping { return .stamped }
        if row.originWorkspaceID == nil { return .workspaceGone }
        if standing.isCondemned { return .workspaceDeleting }
        return memory.failedKills[row.unit].map { .failedKill($0.outcome) }
    }

    /// A row that names a workspace without a row: the index forbids it, so something is wrong with what was read.
    private func contradiction(in row: SessionRow) -> String? {
        guard let origin = row.originWorkspaceID else { return nil }
        if origin != row.workspaceID { return "it belongs to workspace \(origin) and its unit to \(row.workspaceID)" }
        return claims.workspace(origin) == nil ? "its workspace \(origin) has no row" : nil
    }

    /// Whether the saga itself wants the session to live: its teardown script.
    private func isAtWork(_ row: SessionRow) -> Bool {
        row.kind == .teardown && row.status == .active && row.disposeRequestedAt == nil
    }

    private func reap(_ scope: ScopeName, _ row: SessionRow, _ condemnation: Evidence.Condemnation) -> Verdict {
        if context.kills.contains(row.id) { return .leave(scope.unit, .killInFlight) }
        guard let evidence = Evidence(condemnation, ground.presence(of: scope)) else {
            return .leave(scope.unit, .unreadable("it was read twice, with two results"))
        }
        return .reap(scope, row, evidence)
    }

    private func leader(of scope: ScopeName, _ row: SessionRow) -> LeaderPlace {
        guard row.leader != nil else { return .exited }
        return ground.leaders[scope] ?? .unknown("its leader was not looked for")
    }
}
