import CgroupPty
import SessionIndex

extension PassRun {
    /// Looks for what left the slices of workspaces that are gone, and for what the sessions that were just reaped left beside
    /// them; remembers who is where, for a later look.
    ///
    /// What is inside the slices is not an escape: it is reconciliation's, with its guards.
    /// - Parameter earlier: the walk through procfs that this pass has made; nil when something was ended since.
    func lookForEscapes(
        in earlier: Reading<ProcessCensus>?, _ claims: IndexClaims, _ context: ReconciliationContext,
        reaped: Set<SessionID>, _ memory: inout ReaperMemory,
        _ report: inout PassReport
    ) async {
        if isStopped() || deadline.hasPassed {
            report.escapeFailure = "\(Doubt.noTime)"
            return
        }
        let began = Deadline.now
        var question = EscapeQuestion(
            instance: instance, targets: targets(claims, context, reaped),
            terminals: EscapeQuestion.terminals(of: claims.sessions, bootID: bootID),
            leaders: EscapeQuestion.leaders(of: claims.sessions, bootID: bootID), witnesses: memory.witnesses)
        let census: Reading<ProcessCensus>
        if let earlier, question.use == .nothing {
            census = earlier
        } else {
            census = await instruments.census(question.use, deadline)
        }
        var sweep = EscapeSweep()
        let findings = await instruments.findings(census, question, deadline)
        report.escapeMicroseconds += began.microsecondsAgo
        sweep.suspects = findings.suspects
        sweep.unreadable = findings.unreadable
        sweep.failure = findings.failure
        sweep.restraint = findings.restraint
        let mayEnd = !request.dryRun && settings.escapePolicy == .kill && findings.restraint == nil
        if mayEnd, !findings.killable.isEmpty, !isStopped() {
            sweep.ends = await instruments.end(findings.killable, question, deadline)
        } else {
            sweep.reported = findings.killable
        }
        report.add(sweep, reportedBecause: request.dryRun ? "it would be ended" : "the policy is to report")

        guard case .known(let seen) = census else { return }
        let rememberingBegan = Deadline.now
        defer { report.escapeMicroseconds += rememberingBegan.microsecondsAgo }
        // Of all workspaces this time: those that live now are the ones that will have been seen.
        question.targets = everyWorkspace(claims)
        memory.witnesses.add(instruments.witnesses(seen, question))
        let alive = Set(seen.processes.map(\.identity))
        memory.witnesses.keep(limit: ReaperMemory.witnessLimit) { alive.contains($0) }
    }

    private func targets(
        _ claims: IndexClaims, _ context: ReconciliationContext, _ reaped: Set<SessionID>
    ) -> [WorkspaceID: EscapeQuestion.Target] {
        var targets: [WorkspaceID: EscapeQuestion.Target] = [:]
        for session in reaped {
            guard let row = claims.row(session) else { continue }
            targets[row.workspaceID, default: EscapeQuestion.Target(sessions: [])].sessions?.insert(session)
        }
        for workspace in claims.spentWorkspaces
        where !context.sagas.contains(workspace) && !claims.changedWorkspaces.contains(workspace) {
            targets[workspace] = EscapeQuestion.Target(worktree: claims.workspace(workspace)?.path)
        }
        return targets
    }

    private func everyWorkspace(_ claims: IndexClaims) -> [WorkspaceID: EscapeQuestion.Target] {
        claims.sessions.reduce(into: [:]) { $0[$1.workspaceID] = EscapeQuestion.Target() }
    }
}
