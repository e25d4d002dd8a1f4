import CgroupPty
import HostProtocol
import Logging
import Reaper
import SessionIndex

extension HostEvent {
    /// What a pass did about one thing.
    /// - Returns: nil for what is of no interest to clients.
    static func reaper(_ record: PassRecord) -> HostEvent? {
        var event: HostEvent
        switch record.action {
        case .reaped:
            event = HostEvent(
                record.session == nil ? .orphanReaped : .sessionKilled, .notice,
                "Reaped \(record.unit): \(record.outcome).", catalog: .orphanReaped)
        case .failed:
            event = HostEvent(
                .survivorsLeft, .error,
                "\(record.unit) could not be reaped: \(record.outcome). The next pass tries again.",
                catalog: .unkillable)
        case .recovered:
            event = HostEvent(.sessionRecovered, .notice, "Recovered \(record.unit): \(record.outcome).")
        case .concluded(let conclusion):
            event = HostEvent(
                conclusion.ending == .disposed ? .sessionKilled : .sessionExited, .notice,
                "Concluded \(record.unit): \(record.outcome).")
            event.document.endReason = SessionDocument.EndReason(rawValue: conclusion.reason.rawValue)
        case .tidied, .spared: return nil
        }
        event.document.workspace = record.workspace.rawValue
        event.document.session = record.session?.rawValue
        event.document.outcome = record.outcome
        event.scope = record.unit
        return event
    }

    /// A process of a workspace outside its slice, found by a pass or by a delete.
    static func escapeFound(_ escape: EscapeRecord) -> HostEvent {
        var event = HostEvent(
            .escapeFound, .warning,
            "Escape found: process \(escape.pid) (\(escape.command)) of workspace \(escape.workspace) in \(escape.cgroup): \(escape.evidence.joined(separator: ", ")); \(escape.outcome).",
            workspace: escape.workspace, scope: escape.cgroup, catalog: .escapeFound)
        event.document.outcome = escape.wasKilled ? "killed" : "reported"
        event.document.escape = EscapeDocument(escape)
        return event
    }

    /// A pass was made. One that did nothing is told at a level that is less loud.
    static func reaperPass(_ report: PassReport) -> HostEvent {
        let didSomething = !report.records.isEmpty || !report.escapes.isEmpty || report.failed > 0
        var event = HostEvent(.reaperPass, didSomething ? .notice : .info, "Reaper pass: \(report.summary).")
        if let failure = report.groundFailure {
            event = .passFailed(
                "Reaper pass: the ground could not be read: \(failure). Nothing was reaped: \(report.summary).")
        }
        event.document.pass = EventDocument.Pass(
            reaped: report.reaped, failed: report.failed, kept: report.kept, recovered: report.recovered,
            unclaimed: report.unclaimed.count, escapes: report.escapes.count,
            suspects: report.suspects.count + report.suspectsOmitted, durationMs: report.milliseconds)
        return event
    }

    /// Nothing was learnt by a pass.
    static func passFailed(_ why: String) -> HostEvent {
        var event = HostEvent(.reaperPass, .error, why, catalog: .passFailed)
        event.document.outcome = "failed"
        return event
    }
}
