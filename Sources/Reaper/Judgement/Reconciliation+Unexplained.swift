import CgroupPty
import SessionIndex

extension Reconciliation {
    /// Judges what the slices hold and no row explains.
    mutating func verdictsOnUnexplained() -> [Verdict] {
        let slices: [WorkspaceID: Reading<SliceContents>]
        switch ground.slices {
        case .known(let known): slices = known
        case .unknown(let reason): return [.leave("the slice of instance \(ground.instance)", .unreadable(reason))]
        }
        var verdicts: [Verdict] = []
        for workspace in slices.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            switch slices[workspace] {
            case nil: break
            case .unknown(let reason):
                verdicts.append(.leave(SliceName.workspace(ground.instance, workspace).unit, .unreadable(reason)))
            case .known(let contents):
                for session in contents.scopes.keys.sorted(by: { $0.rawValue < $1.rawValue })
                where claims.row(session)?.workspaceID != workspace {
                    let scope = ScopeName(instance: ground.instance, workspace: workspace, session: session)
                    if let verdict = verdict(onUnexplained: scope) { verdicts.append(verdict) }
                }
                verdicts += verdictsOnStrangers(in: workspace, contents)
            }
        }
        return verdicts
    }

    /// A scope with exactly a session's name, and no row. Nil when nothing is in it: then it is a matter of units.
    private mutating func verdict(onUnexplained scope: ScopeName) -> Verdict? {
        let members: Reading<[ProcessIdentity]>
        switch ground.presence(of: scope) {
        case .populated(let listed): members = listed
        case .unknown(let reason): return .leave(scope.unit, .unreadable(reason))
        case .empty, .absent: return nil
        }
        let hasChanged =
            claims.changedSessions.contains(scope.session) || claims.changedWorkspaces.contains(scope.workspace)
        if hasChanged { return .leave(scope.unit, .changed) }
        if context.creations.contains(scope.session) { return .leave(scope.unit, .creationInFlight) }
        if context.kills.contains(scope.session) { return .leave(scope.unit, .killInFlight) }
        let standing = claims.standing(of: scope.workspace, sagas: context.sagas)
        if standing == .cared { return .leave(scope.unit, .sagaRunning) }
        if let failed = memory.failedKills[scope.unit] {
            return reap(scope, .failedKill(failed.outcome))
        }
        let earlier = memory.unexplained[scope.unit]
        next.unexplained[scope.unit] = firstSeen(earlier)
        guard earlier != nil else { return .remember(.scope(scope)) }
        switch standing {
        case .present:
            if let row = claims.row(scope.session) {
                return .leave(scope.unit, .contradiction("its session is one of workspace \(row.workspaceID)"))
            }
            return .recover(scope, members)
        case .abandoned, .deleted: return reap(scope, .spentWorkspace)
        case .unheardOf:
            return context.reapsUnclaimed ? reap(scope, .unclaimed) : .unclaimed(scope, members: members.value?.count)
        case .cared: return .leave(scope.unit, .sagaRunning)
        }
    }

    private func reap(_ scope: ScopeName, _ condemnation: Evidence.Condemnation) -> Verdict {
        guard let evidence = Evidence(condemnation, ground.presence(of: scope)) else {
            return .leave(scope.unit, .unreadable("it was read twice, with two results"))
        }
        return .reap(scope, nil, evidence)
    }

    /// Cgroups that are no session's. They cannot be ended one by one, since only a slice and a session's scope are ours
    /// to write to (I6): when their workspace is gone and no session is left beside them, the slice is ended.
    private mutating func verdictsOnStrangers(in workspace: WorkspaceID, _ contents: SliceContents) -> [Verdict] {
        guard !contents.strangers.isEmpty else { return [] }
        let slice = SliceName.workspace(ground.instance, workspace)
        if claims.changedWorkspaces.contains(workspace) { return [.leave(slice.unit, .changed)] }
        let standing = claims.standing(of: workspace, sagas: context.sagas)
        switch standing {
        case .cared: return [.leave(slice.unit, .sagaRunning)]
        case .present: return contents.strangers.map { .belongs($0.path, workspace) }
        case .abandoned, .deleted, .unheardOf: break
        }
        if contents.couldHoldSessions { return [.leave(slice.unit, .sliceInUse)] }
        let isRetry = memory.failedKills[slice.unit] != nil
        let earlier = memory.unexplained[slice.unit]
        next.unexplained[slice.unit] = firstSeen(earlier)
        // A tombstone says it as clearly as a stamp does; without one it takes two looks.
        guard standing == .abandoned || isRetry || earlier != nil else {
            return [.remember(.slice(ground.instance, workspace))]
        }
        let condemnation: Evidence.Condemnation
        switch standing {
        case .abandoned: condemnation = .workspaceDeleting
        case .deleted: condemnation = .spentWorkspace
        case .present, .cared, .unheardOf:
            guard context.reapsUnclaimed || isRetry else { return [.leave(slice.unit, .unclaimed)] }
            condemnation = .unclaimed
        }
        guard let evidence = Evidence(condemnation, ground.presence(of: workspace)) else {
            return [.leave(slice.unit, .unreadable("what is in it could not be read"))]
        }
        return [.endSlice(ground.instance, workspace, evidence)]
    }
}
