import CgroupPty
import FoundationEssentials
import HostProtocol
import SessionIndex

extension DestroySaga {
    /// Ends everything in the workspace's slice, until it holds nothing **and** no row of the workspace is `starting`.
    ///
    /// The tombstone refuses every creation that has not reached its deciding transaction; those that are under way resolve
    /// themselves there. So: wait for them, stop, and look again.
    func stopSlice() async throws -> StateMachine.Event {
        let context = parts.context
        await context.reach(.destroyStop)
        let slice = SliceName.workspace(context.instance, workspace.id)
        await parts.registry.waitForCreations(in: workspace.id)
        let rows = try await context.index.stampDispose(workspace: workspace.id, at: .now)
        let kept = try await context.index.sessions(workspace: workspace.id, includeEnded: true).filter(
            \.couldHaveMembers)
        let sessions = rows + kept.filter { row in !rows.contains { $0.id == row.id } }
        try await rememberMembers(of: slice)

        var leaders: [Pidfd] = []
        for row in sessions {
            if let leader = await parts.ender.pinnedLeader(row) { leaders.append(leader) }
        }
        let report = await context.stop.stop(.init(slice), leaders: leaders, force: options.force)
        await context.reach(.destroyStopped)
        let ends = await settle(sessions, slice: report)
        note { receipt in
            receipt.sessions.removeAll { old in ends.contains { $0.session == old.session } }
            receipt.sessions += ends
            receipt.warnings += report.remarks.filter { !receipt.warnings.contains($0) }
        }
        if let unfinished = ends.first(where: { $0.outcome != .confirmed }) {
            note { $0.outcome = unfinished.outcome }
            return .failed("session \(unfinished.session): \(unfinished.detail ?? unfinished.outcome.rawValue)")
        }
        switch report.outcome {
        case .confirmed:
            note { receipt in
                receipt.outcome = .confirmed
                receipt.confirmedAt = Timestamp(.now)
            }
            return .done
        case .unkillable(let left):
            note { $0.outcome = .unkillable }
            return .failed(
                "\(left.count) processes in \(slice) survived SIGKILL: "
                    + left.prefix(5).map { "\($0.pid) \($0.command) (\($0.state))" }.joined(separator: ", "))
        case .unknown(let reason):
            note { $0.outcome = .unknown }
            return .failed(reason)
        }
    }

    /// Writes each session's end down after a look at its own scope. Looking is cheap once the slice is empty.
    private func settle(_ rows: [SessionRow], slice report: StopReport) async -> [SessionEndDocument] {
        var ends: [SessionEndDocument] = []
        for row in rows {
            guard let scope = ScopeName(unit: row.unit) else { continue }
            let live = await parts.registry.session(row.id)
            let leader = await parts.ender.pinnedLeader(row)
            let members = membersBefore[row.id] ?? 0
            var own = await parts.context.stop.confirm(.init(scope), leaders: leader.map { [$0] } ?? [])
            own.means = own.outcome == .confirmed ? (members == 0 ? .exited : report.means) : nil
            own.membersSignalled = members
            own.milliseconds = report.milliseconds
            ends.append(
                await parts.ender.settle(row, live, own, ended: .disposed, reason: .workspaceDeleted, membersLeft: nil))
        }
        return ends
    }
}
