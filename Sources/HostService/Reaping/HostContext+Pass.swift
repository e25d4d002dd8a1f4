import CgroupPty
import Logging
import Reaper

extension HostContext {
    /// Tells what a pass did, thing by thing, and then the pass. The same for the host and for `corral-reaper`.
    func tell(_ report: PassReport) {
        for record in report.records { tell(record) }
        for escape in report.escapes { tell(.escapeFound(escape)) }
        tell(.reaperPass(report))
    }

    private func tell(_ record: PassRecord) {
        if let event = HostEvent.reaper(record) { return tell(event) }
        var metadata = Logger.Metadata.workspace(record.workspace, instance, outcome: record.outcome)
        metadata["session"] = record.session.map { "\($0)" }
        metadata["scope"] = "\(record.unit)"
        metadata[Logger.Metadata.unitKey] = "\(record.unit)"
        let verb = record.action == .tidied ? "Tidied" : "Spared"
        logger.info("\(verb) \(record.unit): \(record.outcome).", metadata: metadata)
    }
}
