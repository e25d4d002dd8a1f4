import CgroupPty
import SessionIndex

/// The last look before something is done: is it still what it was judged to be?
extension PassRun {
    /// Nil when a session's row is the one that was judged, and nobody else is at work on the session.
    func doubt(about scope: ScopeName, judgedFrom row: SessionRow?) async -> Doubt? {
        if isStopped() || deadline.hasPassed { return .noTime }
        if await host.creationsInFlight().contains(scope.session) { return .creationInFlight }
        if await host.killsInFlight().contains(scope.session) { return .killInFlight }
        if await host.runningSagas().contains(scope.workspace) { return .sagaRunning }
        do throws(IndexFailure) {
            let now = try await index.session(scope.session)
            // A row of the same id in another workspace is not this scope's.
            guard now == row || (row == nil && now?.workspaceID != scope.workspace) else {
                return .overtaken("its row changed")
            }
        } catch {
            return .unreadable("\(error)")
        }
        return nil
    }

    /// Nil when a workspace still condemns what is in its slice.
    func doubt(about workspace: WorkspaceID, _ condemnation: Evidence.Condemnation) async -> Doubt? {
        let row: WorkspaceRow?
        do throws(IndexFailure) {
            row = try await index.workspace(workspace)
        } catch {
            return .unreadable("\(error)")
        }
        switch condemnation {
        case .workspaceDeleting, .spentWorkspace:
            return row == nil || row?.state == .deleting
                ? nil : .overtaken("its workspace is not being deleted any more")
        case .unclaimed:
            return row == nil ? nil : .overtaken("its workspace has a row now")
        case .disposed, .ended, .stamped, .workspaceGone, .startAbandoned, .failedKill:
            return nil
        }
    }

    /// Nil when a session's scope is still populated.
    func doubtThatPopulated(_ scope: ScopeName) async -> Doubt? {
        switch await instruments.presence(scope, soon) {
        case .populated: nil
        case .empty, .absent: .overtaken("it ended by itself")
        case .unknown(let reason): .unreadable(reason)
        }
    }

    /// Nil when a leader lives still.
    func doubtThatLives(_ leader: ProcessIdentity?) async -> Doubt? {
        guard let leader else { return .overtaken("its row names no leader") }
        switch await instruments.pin(leader) {
        case .unknown(let reason): return .unreadable(reason)
        case .known(.none): return .overtaken("it ended by itself")
        case .known(.some(let pidfd)):
            do throws(SystemCallFailure) {
                return try pidfd.hasExited() ? .overtaken("it ended by itself") : nil
            } catch {
                return .unreadable("\(error)")
            }
        }
    }

    /// Nil when a leader has exited, wherever it was (I2).
    func doubtThatExited(_ leader: ProcessIdentity) async -> Doubt? {
        switch await instruments.pin(leader) {
        case .unknown(let reason): return .unreadable(reason)
        case .known(.none): return nil
        case .known(.some(let pidfd)):
            do throws(SystemCallFailure) {
                return try pidfd.hasExited() ? nil : .overtaken("its leader, process \(leader.pid), lives elsewhere")
            } catch {
                return .unreadable("\(error)")
            }
        }
    }

    /// Nil when a unit's cgroup still holds nothing, and nothing is being started in it.
    func doubtThatEmpty(_ unit: OwnUnit, _ claims: IndexClaims) async -> Doubt? {
        if isStopped() || deadline.hasPassed { return .noTime }
        let presence: Presence
        switch unit {
        case .scope(let scope): presence = await instruments.presence(scope, soon)
        case .slice(_, let workspace):
            switch await instruments.slice(workspace, soon) {
            case .unknown(let reason): presence = .unknown(reason)
            case .known(.none): presence = .absent
            case .known(.some(let contents)): presence = contents.isPopulated ? .populated(contents.members) : .empty
            }
        }
        switch presence {
        case .empty, .absent: break
        case .populated: return .overtaken("it holds processes now")
        case .unknown(let reason): return .unreadable(reason)
        }
        // Last, since a start that begins after this has a millisecond of work before it reaches systemd.
        let isBeingUsed = await host.creationsInFlight().contains { session in
            if let own = unit.session { return own == session }
            guard let row = claims.row(session) else { return true }
            return row.workspaceID == unit.workspace
        }
        if isBeingUsed { return .creationInFlight }
        if unit.session == nil, await host.runningSagas().contains(unit.workspace) { return .sagaRunning }
        return nil
    }

    /// For one look, within the pass.
    var soon: Deadline { min(deadline, .after(.seconds(5))) }
}
