import CgroupPty
import SessionIndex

extension Reconciliation {
    /// Judges systemd's units whose cgroup holds nothing: a scope that was started on a dying process stays active for ever, a
    /// slice does not always go with its last scope, and a stop that ran into its timeout leaves a failed unit.
    func verdictsOnUnits() -> [Verdict] {
        let units: [SystemdManager.Unit]
        switch ground.units {
        case .known(let known): units = known
        case .unknown(let reason): return [.leave("units of systemd", .unreadable(reason))]
        }
        return units.compactMap { unit in
            OwnUnit(unit.name, of: ground.instance).flatMap { verdict(on: $0, state: unit.activeState) }
        }
    }

    private func verdict(on unit: OwnUnit, state: String) -> Verdict? {
        guard state == "active" || state == "failed" else { return nil }
        let absence: Absence
        switch Self.presence(of: unit, ground) {
        case .populated: return nil
        case .unknown(let reason): return .leave(unit.name, .unreadable(reason))
        case .empty, .absent:
            guard let seen = Absence(Self.presence(of: unit, ground)) else { return nil }
            absence = seen
        }
        if couldBeStarting(unit) { return .leave(unit.name, .creationInFlight) }
        if case .slice = unit, context.sagas.contains(unit.workspace) { return .leave(unit.name, .sagaRunning) }
        return state == "failed" ? .resetUnit(unit, absence) : .stopUnit(unit, absence)
    }

    /// Whether a session is being started in the unit, or in a place that is not known yet.
    private func couldBeStarting(_ unit: OwnUnit) -> Bool {
        if let session = unit.session { return context.creations.contains(session) }
        return context.creations.contains { session in
            guard let row = claims.row(session) else { return true }
            return row.workspaceID == unit.workspace
        }
    }
}
