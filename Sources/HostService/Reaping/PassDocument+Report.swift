import CgroupPty
import HostProtocol
import Reaper

extension PassDocument {
    /// What clients are told of a pass.
    init(_ report: PassReport) {
        self.init(at: Timestamp(report.at))
        reaped = report.reaped
        failed = report.failed
        kept = report.kept
        recovered = report.recovered
        remembered = report.remembered
        unclaimed = report.unclaimed.map {
            Unclaimed(
                unit: $0.scope.unit, workspace: $0.scope.workspace.rawValue, session: $0.scope.session.rawValue,
                members: $0.members)
        }
        skipped = report.skipped
        escapes = report.escapes.map { EscapeDocument($0) }
        suspects = report.suspects.map { EscapeDocument($0) }
        durationMs = report.milliseconds
        groundUs = report.groundMicroseconds
        escapesUs = report.escapeMicroseconds
        actions = report.actions
    }
}

extension EscapeDocument {
    /// What clients are told of an escape.
    init(_ record: EscapeRecord) {
        self.init(
            pid: Int(record.pid.rawValue), command: record.command, cgroup: record.cgroup,
            evidence: record.evidence + [record.outcome], action: record.wasKilled ? .killed : .reported)
    }
}
