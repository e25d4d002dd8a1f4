import CgroupPty
import HostProtocol
import Reaper
import SessionIndex

extension DestroySaga {
    /// Looks for what left the slice, and ends what is proven to be the workspace's: at most 5 looks or 5 seconds.
    ///
    /// What cannot be proven is reported and changes no outcome; a process that meets the kill rule and lives on makes the outcome
    /// `escaped`.
    func endEscapes() async throws -> StateMachine.Event {
        let context = parts.context
        await context.reach(.destroyEscapes)
        let rows = try await context.index.sessions(includeEnded: true)
        let question = EscapeQuestion.workspace(
            workspace.id, of: context.instance, worktree: workspace.kind == .worktree ? workspace.path : nil,
            rows: rows,
            bootID: context.bootID, witnesses: witnesses)
        let sweep = await context.scan.sweep(
            question, policy: context.configuration.escapePolicy, until: .after(.seconds(5)))
        let escapes =
            sweep.ends.filter { $0.couldLive || $0.outcome == .killed || $0.outcome == .terminated }.map {
                EscapeRecord($0)
            }
            + sweep.reported.map { EscapeRecord(reported: $0, because: sweep.restraint ?? "the policy is to report") }
        let suspects = sweep.suspects.map { EscapeRecord(reported: $0, because: "what speaks for it is no proof") }
        note { receipt in
            receipt.escapes += escapes.map { EscapeDocument($0) }
            receipt.suspects = suspects.prefix(100).map { EscapeDocument($0) }
            receipt.unreadable = sweep.unreadable
            if sweep.cutShort > 0 {
                receipt.warnings.append(
                    "workspace \(workspace.id): \(sweep.cutShort) processes have more files open than were looked at, so that they could use the worktree unseen"
                )
            }
            if let failure = sweep.failure {
                receipt.warnings.append("workspace \(workspace.id): escapes could not be looked for: \(failure)")
            }
            // What an abandoned stop left in the slice is found again here: it did not escape.
            if sweep.hasSurvivors, receipt.outcome == .confirmed { receipt.outcome = .escaped }
        }
        for escape in escapes { context.tell(.escapeFound(escape)) }
        return .done
    }
}
