import CgroupPty
import Reaper

/// Processes of a killed session that live outside its scope but inside its workspace's slice, as tmux puts its panes: they are
/// the session's survivors and are ended like the rest.
struct TaggedSurvivors: Sendable {
    let context: HostContext

    /// Ends them.
    /// - Returns: nil when none is left; otherwise the outcome that the kill has because of them.
    func end(of scope: ScopeName) async -> StopReport.Outcome? {
        guard couldExist(scope) else { return nil }
        let sweep = await context.scan.sweep(
            .session(scope.session, of: scope.workspace, context.instance), until: .after(.seconds(5)))
        if let failure = sweep.failure {
            return .unknown("look for processes of the session elsewhere in its slice: \(failure)")
        }
        if let restraint = sweep.restraint, sweep.hasSurvivors {
            return .unknown("processes of the session live elsewhere in its slice, and none was ended: \(restraint)")
        }
        if sweep.hasSurvivors {
            let left =
                sweep.ends.filter(\.couldLive).map(\.finding.process.identity.pid)
                + sweep.reported.map(\.process.identity.pid)
            return .unkillable(left.compactMap { Survivor($0, in: context.procfs) })
        }
        return nil
    }

    /// Looking costs a walk through procfs, so it is done only when the slice holds more than scopes of sessions.
    private func couldExist(_ scope: ScopeName) -> Bool {
        guard case .found(let slice) = context.ground.look(scope.slice.path) else { return false }
        do throws(SystemCallFailure) {
            return try (slice.childNames() ?? []).contains { ScopeName(unit: $0) == nil }
        } catch {
            return true
        }
    }
}
