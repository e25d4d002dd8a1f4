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
        // Also those that an earlier run of this step was about to end: they may have been marked before it wrote that down.
        let begun = Set(receipt.sessions.map(\.session))
        let others = try await context.index.sessions(workspace: workspace.id, includeEnded: true).filter { row in
            (row.couldHaveMembers || begun.contains(row.id.rawValue)) && !rows.contains { $0.id == row.id }
        }
        let sessions = rows + others
        var leaders: [SessionID: Pidfd] = [:]
        for row in sessions {
            do throws(SystemCallFailure) {
                leaders[row.id] = try await parts.ender.pinnedLeader(row)
            } catch {
                return .failed("pin the leader of session \(row.id): \(error); nothing was signalled")
            }
        }
        try await rememberMembers(of: slice, leaders: leaders)
        note { receipt in
            receipt.sessions += sessions.filter { !begun.contains($0.id.rawValue) }.map {
                SessionEndDocument(unended: $0, detail: "is being ended", members: membersBefore[$0.id] ?? 0)
            }
        }
        await save(detail: nil)

        let report = await context.stop.stop(.init(slice), leaders: Array(leaders.values), force: options.force)
        await context.reach(.destroyStopped)
        let ends = await settle(sessions, leaders, slice: report)
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
                "\(left.count) processes in \(slice) survived SIGKILL: \(Survivor.list(left))")
        case .unknown(let reason):
            note { $0.outcome = .unknown }
            return .failed(reason)
        }
    }

    /// Sessions whose ends are written down at the same time: enough that none waits for another's answers.
    private static let endsAtOnce = 32

    /// Writes each session's end down after a look at its own scope. Looking is cheap once the slice is empty.
    private func settle(
        _ rows: [SessionRow], _ leaders: [SessionID: Pidfd], slice report: StopReport
    ) async -> [SessionEndDocument] {
        let recorded = rows.map { row in receipt.sessions.first { $0.session == row.id.rawValue } }
        let members = zip(rows, recorded).map { max(membersBefore[$0.id] ?? 0, $1?.membersSignalled ?? 0) }
        let means = recorded.map { end in
            report.means == .exited && hasStopped
                ? end?.ended.flatMap { StopReport.Means(rawValue: $0.rawValue) } : report.means
        }
        hasStopped = true
        return await withTaskGroup(of: (place: Int, end: SessionEndDocument?).self) { [parts] group in
            var ends = [SessionEndDocument?](repeating: nil, count: rows.count)
            var waiting = rows.indices.makeIterator()
            func begin() {
                guard let place = waiting.next() else { return }
                let (row, members, means) = (rows[place], members[place], means[place])
                let leader = leaders[row.id].map { [$0] } ?? []
                group.addTask { (place, await Self.settle(row, leader, members, means, slice: report, parts)) }
            }
            for _ in 0..<Self.endsAtOnce { begin() }
            for await (place, end) in group {
                ends[place] = end
                begin()
            }
            return ends.compactMap { $0 }
        }
    }

    private static func settle(
        _ row: SessionRow, _ leaders: [Pidfd], _ members: Int, _ means: StopReport.Means?, slice report: StopReport,
        _ parts: DestroyParts
    ) async -> SessionEndDocument? {
        guard let scope = ScopeName(unit: row.unit) else { return nil }
        let live = await parts.registry.session(row.id)
        var own = await parts.context.stop.confirm(.init(scope), leaders: leaders)
        own.means = own.outcome == .confirmed ? (members == 0 ? .exited : means) : nil
        own.membersSignalled = members
        own.milliseconds = report.milliseconds
        return await parts.ender.settle(
            row, live, own, ended: .disposed, reason: .workspaceDeleted, membersLeft: nil)
    }
}
