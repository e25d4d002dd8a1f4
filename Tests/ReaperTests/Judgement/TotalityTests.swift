import CgroupPty
import SessionIndex
import Testing

@testable import Reaper

/// One of the combinations of status, end, workspace, ground, memory and context.
private struct Case: Sendable {
    let row: SessionRow
    let workspace: WorkspaceRow.State?
    let presence: Presence?
    let context: ReconciliationContext
    let memory: ReaperMemory
    let leader: LeaderPlace?

    func judged(_ ground: GroundTruth? = nil) -> Reconciliation.Judgement {
        Reconciliation.judge(
            Sample.claims(
                [row], workspace.map { [Sample.workspaceRow($0)] } ?? [],
                spent: workspace == nil ? [Sample.workspace] : []),
            ground ?? Sample.ground(presence, leader: leader), memory, context)
    }

    var isMissing: Bool { presence == nil || presence == .empty }
    var livesElsewhere: Bool { if case .elsewhere = leader { true } else { false } }

    /// The first combination for which something does not hold.
    static func first(_ isWrong: (Case, Reconciliation.Judgement) -> Bool) -> Case? {
        judged.first { isWrong($0, $1) }?.0
    }

    private static let judged = all.map { ($0, $0.judged()) }

    private static let all: [Case] = {
        var remembered = ReaperMemory()
        remembered.missing[Sample.session] = 0
        remembered.unexplained[Sample.scope.unit] = 0
        remembered.recordFailedKill(Sample.scope.unit, outcome: "x", now: .now)
        let contexts = [
            Sample.context(), Sample.context(creations: [Sample.session]), Sample.context(kills: [Sample.session]),
            Sample.context(sagas: [Sample.workspace]), Sample.context(terminals: [], unclaimed: true),
        ]
        let states: [WorkspaceRow.State?] = WorkspaceRow.State.allCases + [nil]
        let grounds: [(Presence?, LeaderPlace?)] = [
            (nil, .exited), (nil, .unknown("EIO")), (nil, nil), (.empty, .exited), (.empty, .elsewhere("/x.scope")),
            (Sample.alive, nil), (Sample.unread, nil),
        ]
        var cases: [Case] = []
        for row in rows {
            for state in states {
                var row = row
                if state == nil { row.originWorkspaceID = nil }
                for (presence, leader) in grounds {
                    for context in contexts {
                        for memory in [ReaperMemory(), remembered] {
                            cases.append(
                                Case(
                                    row: row, workspace: state, presence: presence, context: context, memory: memory,
                                    leader: leader))
                        }
                    }
                }
            }
        }
        return cases
    }()

    private static var rows: [SessionRow] {
        var rows: [SessionRow] = []
        let reasons: [SessionRow.EndReason?] = SessionRow.EndReason.allCases + [nil]
        for status in SessionRow.Status.allCases {
            for reason in status == .exited ? reasons : status == .disposed ? [.killed, nil] : [nil] {
                for stamped in [false, true] {
                    for (kind, onExit, boot) in [
                        (SessionRow.Kind.shell, SessionRow.OnExit.kill, Sample.boot), (.setup, .keep, Sample.boot),
                        (.teardown, .kill, Sample.boot), (.shell, .keep, "boot-before"),
                    ] {
                        rows.append(
                            Sample.row(
                                status, reason: reason, kind: kind, onExit: onExit, stamped: stamped, boot: boot,
                                leader: Sample.leader))
                    }
                }
            }
        }
        return rows
    }
}

@Suite struct `The verdict table` {
    @Test func `gives exactly one verdict on each row, and the same one each time`() {
        #expect(Case.first { $1.verdicts.count != 1 || $0.judged() != $1 } == nil)
    }

    @Test func `ends nothing when the ground is unknown, and marks nothing but rows of another boot (I3)`() {
        let lost = GroundTruth.unknown(Sample.instance, "EIO")
        let wrong = Case.first { one, judgement in
            let judgements = [one.judged(lost)] + (one.presence == Sample.unread ? [judgement] : [])
            return judgements.flatMap(\.verdicts).contains { verdict in
                if case .conclude(_, .reboot, _) = verdict { return false }
                return verdict.acts
            }
        }
        #expect(wrong == nil)
    }

    @Test func `ends only what was seen alive, and marks as over only what was not (I2)`() {
        let wrong = Case.first { one, judgement in
            switch judgement.first {
            case .reap: one.presence != Sample.alive && !one.livesElsewhere
            case .reactivate: one.presence != Sample.alive
            case .conclude(_, .reboot, _): false
            case .conclude: !one.isMissing || one.livesElsewhere
            default: false
            }
        }
        #expect(wrong == nil)
    }

    @Test func `never ends a session for having been lost (I4)`() {
        let wrong = Case.first { $0.row.endReason == .lost && $0.row.status == .exited && $1.endsProcesses }
        #expect(wrong == nil)
    }

    @Test func `never touches what a saga, a creation or a kill is at work on`() {
        let wrong = Case.first { one, judgement in
            guard one.row.bootID == Sample.boot else { return false }
            let acts = judgement.verdicts.contains(where: \.acts)
            if !one.context.sagas.isEmpty { return acts }
            if !one.context.creations.isEmpty, one.row.status == .starting { return acts }
            return !one.context.kills.isEmpty && judgement.endsProcesses
        }
        #expect(wrong == nil)
    }

    @Test func `keeps a session that nothing speaks against`() {
        let wrong = Case.first { one, judgement in
            guard one.row.status == .active, one.row.disposeRequestedAt == nil, one.row.bootID == Sample.boot,
                one.presence == Sample.alive, one.memory == ReaperMemory(), one.workspace != nil,
                one.workspace != .deleting
            else { return false }
            if case .keep = judgement.first { return false }
            return judgement.first?.doubt != .sagaRunning
        }
        #expect(wrong == nil)
    }
}
