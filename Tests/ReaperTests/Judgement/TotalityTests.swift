import CgroupPty
import SessionIndex
import Testing

@testable import Reaper

/// Every status, end, workspace, ground, memory and context there is.
private struct Case {
    let row: SessionRow
    let workspace: WorkspaceRow.State?
    let presence: Presence?
    let context: ReconciliationContext
    let memory: ReaperMemory
    let leader: LeaderPlace?

    func judged(_ ground: GroundTruth? = nil) -> Reconciliation.Judgement {
        Reconciliation.judge(
            Sample.claims([row], workspace.map { [Sample.workspaceRow($0)] } ?? [], spent: workspace == nil ? [Sample.workspace] : []),
            ground ?? Sample.ground(presence, leader: leader), memory, context)
    }

    static var all: [Case] {
        var remembered = ReaperMemory()
        remembered.missing[Sample.session] = 0
        remembered.unexplained[Sample.scope.unit] = 0
        remembered.recordFailedKill(Sample.scope.unit, outcome: "x", now: .now)
        let contexts = [
            Sample.context(), Sample.context(creations: [Sample.session]), Sample.context(kills: [Sample.session]),
            Sample.context(sagas: [Sample.workspace]), Sample.context(terminals: [], unclaimed: true),
        ]
        let states: [WorkspaceRow.State?] = WorkspaceRow.State.allCases + [nil]
        var cases: [Case] = []
        for row in rows {
            for state in states {
                for presence in [Presence?.none, .absent, .empty, Sample.alive, Sample.unread] {
                    for context in contexts {
                        for memory in [ReaperMemory(), remembered] {
                            for leader in [LeaderPlace?.none, .exited, .unknown("EIO")] {
                                var row = row
                                if state == nil { row.originWorkspaceID = nil }
                                cases.append(
                                    Case(
                                        row: row, workspace: state, presence: presence, context: context, memory: memory,
                                        leader: leader))
                            }
                        }
                    }
                }
            }
        }
        return cases
    }

    private static var rows: [SessionRow] {
        var rows: [SessionRow] = []
        let reasons: [SessionRow.EndReason?] = SessionRow.EndReason.allCases + [nil]
        for status in SessionRow.Status.allCases {
            for reason in status.isEnded ? reasons : [nil] {
                for kind in SessionRow.Kind.allCases {
                    for onExit in SessionRow.OnExit.allCases {
                        for stamped in [false, true] {
                            for boot in [Sample.boot, "boot-before"] {
                                rows.append(
                                    Sample.row(
                                        status, reason: reason, kind: kind, onExit: onExit, stamped: stamped, boot: boot,
                                        leader: Sample.leader))
                            }
                        }
                    }
                }
            }
        }
        return rows
    }
}

@Suite struct `The verdict table` {
    @Test func `gives exactly one verdict on each row, and the same one each time`() {
        for one in Case.all {
            let judgement = one.judged()
            #expect(judgement.verdicts.count == 1, "\(one)")
            #expect(judgement == one.judged())
        }
    }

    @Test func `ends nothing when the ground is unknown, and marks nothing but rows of another boot (I3)`() {
        let lost = GroundTruth.unknown(Sample.instance, "EIO")
        for one in Case.all {
            for judgement in [one.judged(lost)] + (one.presence == Sample.unread ? [one.judged()] : []) {
                for verdict in judgement.verdicts where verdict.acts {
                    guard case .conclude(_, .reboot, _) = verdict else {
                        Issue.record("\(verdict) of \(one)")
                        return
                    }
                }
            }
        }
    }

    @Test func `ends only what is populated, and marks as over only what is not (I2)`() {
        for one in Case.all {
            let verdict = one.judged().first
            switch verdict {
            case .reap, .reactivate: #expect(one.presence == Sample.alive, "\(one)")
            case .conclude(_, .reboot, _): break
            case .conclude: #expect(one.presence == nil || one.presence == .absent || one.presence == .empty, "\(one)")
            default: break
            }
        }
    }

    @Test func `never ends a session for having been lost (I4)`() {
        for one in Case.all where one.row.endReason == .lost && one.row.status == .exited && one.presence == Sample.alive {
            #expect(!one.judged().endsProcesses, "\(one)")
        }
    }

    @Test func `never touches what a saga, a creation or a kill is at work on`() {
        for one in Case.all where one.row.bootID == Sample.boot {
            if one.context.sagas.contains(Sample.workspace), one.presence != nil {
                #expect(one.judged().verdicts.allSatisfy { !$0.acts }, "\(one)")
            }
            if one.context.kills.contains(Sample.session) { #expect(!one.judged().endsProcesses, "\(one)") }
            if one.context.creations.contains(Sample.session), one.row.status == .starting {
                #expect(one.judged().verdicts.allSatisfy { !$0.acts }, "\(one)")
            }
        }
    }

    @Test func `keeps a session that nothing speaks against`() {
        for one in Case.all
        where one.row.status == .active && one.row.disposeRequestedAt == nil && one.row.bootID == Sample.boot
            && one.presence == Sample.alive && one.memory == ReaperMemory() && one.workspace != nil && one.workspace != .deleting
        {
            let verdict = one.judged().first
            let isKept = if case .keep = verdict { true } else { verdict?.doubt == .sagaRunning }
            #expect(isKept, "\(one)")
        }
    }
}
