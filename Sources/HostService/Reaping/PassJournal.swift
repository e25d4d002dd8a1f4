import CgroupPty
import Logging
import Reaper

/// The journal lines of a pass: one for each thing that it did, and a summary. The same for the host and for `corral-reaper`.
struct PassJournal: Sendable {
    let logger: Logger
    let instance: InstanceID

    /// Writes the lines. A pass that did nothing leaves its summary at the level that is usually not shown.
    func write(_ report: PassReport) {
        for record in report.records { write(record) }
        for escape in report.escapes { write(escape) }
        let didSomething =
            !report.records.isEmpty || !report.escapes.isEmpty || report.failed > 0 || report.groundFailure != nil
        logger.log(
            level: didSomething ? .notice : .info, "Reaper pass: \(report.summary).",
            metadata: ["instance": "\(instance)"])
        if let failure = report.groundFailure {
            logger.error(
                "Reaper pass: the ground could not be read: \(failure). Nothing was reaped.",
                metadata: ["instance": "\(instance)", "message_id": "\(JournalMessage.passFailed.rawValue)"])
        }
    }

    /// The line of one escape, found by a pass or by a delete.
    func write(_ escape: EscapeRecord) {
        var metadata = Logger.Metadata.workspace(
            escape.workspace, instance, outcome: escape.wasKilled ? "killed" : "reported", message: .escapeFound)
        metadata["scope"] = "\(escape.cgroup)"
        logger.warning(
            "Escape found: process \(escape.pid) (\(escape.command)) of workspace \(escape.workspace) in \(escape.cgroup): \(escape.evidence.joined(separator: ", ")); \(escape.outcome).",
            metadata: metadata)
    }

    private func write(_ record: PassRecord) {
        var metadata = Logger.Metadata.workspace(record.workspace, instance, outcome: record.outcome)
        if let session = record.session { metadata["session"] = "\(session)" }
        metadata["scope"] = "\(record.unit)"
        switch record.action {
        case .reaped:
            metadata["message_id"] = "\(JournalMessage.orphanReaped.rawValue)"
            logger.notice("Reaped \(record.unit): \(record.outcome).", metadata: metadata)
        case .failed:
            metadata["message_id"] = "\(JournalMessage.unkillable.rawValue)"
            logger.error(
                "\(record.unit) could not be reaped: \(record.outcome). The next pass tries again.", metadata: metadata)
        case .recovered: logger.notice("Recovered \(record.unit): \(record.outcome).", metadata: metadata)
        case .concluded: logger.notice("Concluded \(record.unit): \(record.outcome).", metadata: metadata)
        case .tidied: logger.info("Tidied \(record.unit): \(record.outcome).", metadata: metadata)
        case .spared: logger.info("Spared \(record.unit): \(record.outcome).", metadata: metadata)
        }
    }
}
