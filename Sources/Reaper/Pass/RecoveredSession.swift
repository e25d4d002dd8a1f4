import CgroupPty
import FoundationEssentials
import SessionIndex

/// What can be told of a session from its scope alone, when its row was lost.
///
/// Pure. Its title, its command line and what was to happen at its end are lost with the row; what is not known is not made up, and what
/// has to be chosen is chosen so that nothing ends by it.
struct RecoveredSession {
    /// The first leader of a POSIX session in the scope; nil when it has exited or could not be read.
    let leader: ProcessStat?

    /// Looks for the leader among the processes of a scope.
    init(_ processes: [ProcessStat]) {
        leader = processes.filter { $0.session == $0.pid.rawValue && !$0.hasEnded }
            .min { ($0.startTicks, $0.pid) < ($1.startTicks, $1.pid) }
    }

    /// The row.
    func row(_ scope: ScopeName, in workspace: WorkspaceRow, bootID: String, at now: Date) -> SessionRow {
        SessionRow(
            id: scope.session, originWorkspaceID: workspace.id, workspaceID: workspace.id, kind: .shell,
            title: "recovered", status: .active, command: leader.map { [$0.command] } ?? [], cwd: workspace.path,
            onExit: .keep, unit: scope.unit, bootID: bootID, leader: leader?.identity,
            terminalDevice: leader.flatMap { $0.terminalDevice == 0 ? nil : $0.terminalDevice },
            lastOutcome: "found alive without a row", request: #"{"recovered":true}"#, createdAt: now)
    }
}
