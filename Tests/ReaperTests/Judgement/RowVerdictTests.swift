import CgroupPty
import SessionIndex
import Testing

@testable import Reaper

@Suite struct `A populated scope with a row` {
    @Test func `is kept while its row is active and its workspace is there`() {
        #expect(judge(Sample.row(), Sample.alive).first == .keep(Sample.scope, .claimed))
    }

    @Test(arguments: [WorkspaceRow.State.creating, .active, .failed])
    func `is kept in a workspace of any state but deleting`(_ state: WorkspaceRow.State) {
        #expect(judge(Sample.row(kind: .setup), Sample.alive, workspace: state).first == .keep(Sample.scope, .claimed))
    }

    @Test func `is reaped in this pass when its row is disposed`() {
        #expect(judge(Sample.row(.disposed, reason: .killed), Sample.alive).first?.condemnation == .disposed)
    }

    @Test func `is reaped in this pass when its workspace is null (I9)`() {
        #expect(judge(Sample.row(gone: true), Sample.alive, workspace: nil).first?.condemnation == .workspaceGone)
    }

    @Test(arguments: [SessionRow.Status.active, .stopping])
    func `is reaped in this pass when its end was asked for`(_ status: SessionRow.Status) {
        #expect(judge(Sample.row(status, stamped: true), Sample.alive).first?.condemnation == .stamped)
    }

    @Test func `is reaped when a kill was under way and nobody is at it any more`() {
        #expect(judge(Sample.row(.stopping), Sample.alive).first?.condemnation == .stamped)
    }

    @Test(arguments: SessionRow.EndReason.allCases.filter { $0 != .lost })
    func `is reaped when its row is exited for any reason but lost`(_ reason: SessionRow.EndReason) {
        #expect(judge(Sample.row(.exited, reason: reason), Sample.alive).first?.condemnation == .ended(reason))
    }

    @Test(arguments: SessionRow.EndReason.allCases.filter { $0 != .lost })
    func `is kept when its row is exited and its survivors are to stay`(_ reason: SessionRow.EndReason) {
        let row = Sample.row(.exited, reason: reason, onExit: .keep)
        #expect(judge(row, Sample.alive).first == .keep(Sample.scope, .survivors))
    }

    @Test func `is reaped with its survivors when its end was asked for after all`() {
        let row = Sample.row(.exited, reason: .exited, onExit: .keep, stamped: true)
        #expect(judge(row, Sample.alive).first?.condemnation == .stamped)
    }

    @Test func `is reaped with its survivors when the workspace is gone`() {
        let row = Sample.row(.exited, reason: .exited, onExit: .keep, gone: true)
        #expect(judge(row, Sample.alive, workspace: nil).first?.condemnation == .workspaceGone)
    }

    @Test func `goes back to active when its row says that it was lost, and is not reaped for that (I4)`() {
        let row = Sample.row(.exited, reason: .lost)
        #expect(judge(row, Sample.alive).first == .reactivate(row))
    }

    @Test func `goes back to active also when its end was asked for, and is reaped as that by the next pass (I4)`() {
        let row = Sample.row(.exited, reason: .lost, stamped: true)
        #expect(judge(row, Sample.alive).first == .reactivate(row))
        #expect(judge(Sample.row(stamped: true), Sample.alive).first?.condemnation == .stamped)
    }

    @Test func `is reaped when its row is starting and nobody starts it`() {
        #expect(judge(Sample.row(.starting), Sample.alive).first?.condemnation == .startAbandoned)
    }

    @Test func `is left while it is being started`() {
        let context = Sample.context(creations: [Sample.session])
        #expect(judge(Sample.row(.starting), Sample.alive, context: context).first?.doubt == .creationInFlight)
    }

    @Test func `is kept without a terminal when nobody holds its PTY master`() {
        let context = Sample.context(terminals: [])
        #expect(judge(Sample.row(), Sample.alive, context: context).first == .keep(Sample.scope, .terminalLost))
        let held = Sample.context(terminals: [Sample.session])
        #expect(judge(Sample.row(), Sample.alive, context: held).first == .keep(Sample.scope, .claimed))
    }

    @Test func `is left while the host ends it by itself`() {
        let context = Sample.context(kills: [Sample.session])
        #expect(
            judge(Sample.row(.stopping, stamped: true), Sample.alive, context: context).first?.doubt == .killInFlight)
    }

    @Test func `of another boot's row is never reactivated, and an unended such row is over`() {
        let lost = Sample.row(.exited, reason: .lost, boot: "boot-before")
        #expect(judge(lost, Sample.alive).endsProcesses == false)
        let active = Sample.row(boot: "boot-before", leader: Sample.leader)
        guard case .conclude(active, .reboot, let absence) = judge(active, Sample.alive).first else {
            Issue.record("not concluded")
            return
        }
        #expect(absence.sign == .otherBoot)
    }

    @Test func `is left when its row names another unit (I3)`() {
        var row = Sample.row(stamped: true)
        row.unit = ScopeName(instance: Sample.other, workspace: Sample.workspace, session: Sample.session).unit
        #expect(judge(row, Sample.alive).first?.doubt == .otherUnit(row.unit))
    }

    @Test func `is left when its row contradicts itself (I3)`() {
        let noReason = judge(Sample.row(.exited, reason: nil), Sample.alive)
        #expect(noReason.first?.doubt == .contradiction("it has exited for no reason"))
        let noWorkspace = Reconciliation.judge(
            Sample.claims([Sample.row(stamped: true)], []), Sample.ground(Sample.alive), ReaperMemory(),
            Sample.context())
        #expect(noWorkspace.first?.doubt == .contradiction("its workspace wone has no row"))
    }
}

@Suite struct `A workspace that is being deleted` {
    private let cared = Sample.context(sagas: [Sample.workspace])

    @Test(arguments: SessionRow.Status.allCases)
    func `is left to its saga while that is at work`(_ status: SessionRow.Status) {
        let row = Sample.row(status, reason: .killed, stamped: true)
        let judgement = judge(row, Sample.alive, workspace: .deleting, context: cared)
        #expect(judgement.first?.doubt == .sagaRunning)
    }

    @Test func `keeps its teardown script while its saga is at work`() {
        let row = Sample.row(kind: .teardown)
        #expect(judge(row, Sample.alive, workspace: .deleting, context: cared).first == .keep(Sample.scope, .claimed))
    }

    @Test(arguments: SessionRow.Kind.allCases)
    func `has its sessions reaped as if they were stamped when nobody is at work on it`(_ kind: SessionRow.Kind) {
        let judgement = judge(Sample.row(kind: kind), Sample.alive, workspace: .deleting)
        #expect(judgement.first?.condemnation == .workspaceDeleting)
    }

    @Test func `has its survivors reaped too`() {
        let row = Sample.row(.exited, reason: .exited, onExit: .keep)
        #expect(judge(row, Sample.alive, workspace: .deleting).first?.condemnation == .workspaceDeleting)
    }

    @Test func `has its missing sessions left to its saga`() {
        #expect(judge(Sample.row(), nil, workspace: .deleting, context: cared).first?.doubt == .sagaRunning)
    }
}

@Suite struct `A row without a scope` {
    private func remembered(since seconds: UInt64) -> ReaperMemory {
        var memory = ReaperMemory()
        memory.missing[Sample.session] = seconds * 1_000_000_000
        return memory
    }

    @Test(arguments: [SessionRow.Status.starting, .active], [Presence?.none, .empty, .absent])
    func `is lost once it has been missing for the age floor`(_ status: SessionRow.Status, _ presence: Presence?) {
        let row = Sample.row(status)
        let young = judge(row, presence, memory: remembered(since: 971))
        #expect(young.first?.doubt == .tooYoung)
        let old = judge(row, presence, memory: remembered(since: 970))
        guard case .conclude(row, .lost, _) = old.first else {
            Issue.record("not lost")
            return
        }
    }

    @Test func `is remembered from the first look on, and forgotten once it is back`() {
        let first = judge(Sample.row(), nil)
        #expect(first.first?.doubt == .tooYoung)
        #expect(first.memory.missing == [Sample.session: 1_000_000_000_000])
        let later = judge(Sample.row(), nil, memory: first.memory, context: Sample.context(seconds: 1010))
        #expect(later.memory.missing == first.memory.missing)
        #expect(judge(Sample.row(), Sample.alive, memory: later.memory).memory.missing.isEmpty)
    }

    @Test func `is killed at once when its end had been asked for (I2)`() {
        let row = Sample.row(.stopping, stamped: true)
        guard case .conclude(row, .killed, _) = judge(row, nil).first else {
            Issue.record("not concluded")
            return
        }
        let gone = Sample.row(gone: true)
        guard case .conclude(gone, .workspaceDeleted, _) = judge(gone, nil, workspace: nil).first else {
            Issue.record("not concluded")
            return
        }
    }

    @Test func `is kept while its leader lives elsewhere (I2)`() {
        let row = Sample.row(leader: Sample.leader)
        let judgement = judge(row, nil, memory: remembered(since: 0), leader: .elsewhere("/app.slice/x.scope"))
        #expect(judgement.first == .keep(Sample.scope, .leaderElsewhere("/app.slice/x.scope")))
    }

    /// Regression: it was kept also when its end had been asked for, so that nobody ever ended it.
    @Test func `has its leader ended elsewhere once the session is to end (I2)`() {
        let place = LeaderPlace.elsewhere("/app.slice/x.scope")
        for (row, workspace, condemnation) in [
            (Sample.row(.active, stamped: true, leader: Sample.leader), .active, .stamped),
            (Sample.row(.stopping, leader: Sample.leader), .active, .stamped),
            (Sample.row(gone: true, leader: Sample.leader), nil, .workspaceGone),
            (Sample.row(leader: Sample.leader), .deleting, .workspaceDeleting),
        ] as [(SessionRow, WorkspaceRow.State?, Evidence.Condemnation)] {
            for presence in [Presence?.none, .empty] {
                guard
                    case .reap(Sample.scope, row, let evidence) = judge(
                        row, presence, workspace: workspace, leader: place
                    ).first
                else {
                    Issue.record("not ended: \(condemnation)")
                    continue
                }
                #expect(evidence.condemnation == condemnation)
                #expect(evidence.members == .known([Sample.leader]))
                #expect(
                    "\(evidence)"
                        == "\(condemnation); its scope holds nothing, and its leader lives in /app.slice/x.scope")
            }
        }
        let ending = judge(
            Sample.row(.stopping, stamped: true, leader: Sample.leader), nil, leader: place,
            context: Sample.context(kills: [Sample.session]))
        #expect(ending.first?.doubt == .killInFlight)
    }

    @Test func `is left when its leader is not known to have exited (I3)`() {
        let row = Sample.row(.stopping, stamped: true, leader: Sample.leader)
        #expect(judge(row, nil, leader: .unknown("EIO")).first?.doubt == .unreadable("EIO"))
        #expect(judge(row, nil).first?.doubt == .unreadable("its leader was not looked for"))
        guard case .conclude = judge(row, nil, leader: .exited).first else {
            Issue.record("not concluded")
            return
        }
    }

    @Test func `is left while it is being started or ended`() {
        let starting = Sample.context(creations: [Sample.session])
        #expect(judge(Sample.row(.starting), nil, context: starting).first?.doubt == .creationInFlight)
        let ending = Sample.context(kills: [Sample.session])
        #expect(judge(Sample.row(.stopping, stamped: true), nil, context: ending).first?.doubt == .killInFlight)
    }

    @Test(arguments: [SessionRow.Status.exited, .disposed])
    func `is settled when the row says so too`(_ status: SessionRow.Status) {
        #expect(judge(Sample.row(status, reason: .lost), nil).first == .settled(Sample.session))
    }

    @Test(arguments: [Presence?.none, .empty, Sample.alive, Sample.unread])
    func `of another boot is over whatever the ground says`(_ presence: Presence?) {
        let row = Sample.row(boot: "boot-before", leader: Sample.leader)
        guard case .conclude(row, .reboot, _) = judge(row, presence).first else {
            Issue.record("not concluded")
            return
        }
    }
}

@Suite struct `A row that changes during a pass` {
    private func judge(before: ClaimSnapshot, after: ClaimSnapshot, memory: ReaperMemory = ReaperMemory()) -> Verdict? {
        Reconciliation.judge(
            IndexClaims(before: before, after: after), Sample.ground(Sample.alive), memory, Sample.context()
        ).first
    }

    @Test func `spares its scope, whatever it says now`() {
        let before = Sample.snapshot([Sample.row(.stopping, stamped: true)])
        #expect(
            judge(before: before, after: Sample.snapshot([Sample.row(.disposed, reason: .killed)]))?.doubt == .changed)
        let appeared = judge(before: Sample.snapshot([]), after: Sample.snapshot([Sample.row(.starting)]))
        #expect(appeared?.doubt == .changed)
    }

    @Test func `spares its scope when it has vanished, and the guard begins anew`() {
        var memory = ReaperMemory()
        memory.unexplained[Sample.scope.unit] = 1
        let before = Sample.snapshot([Sample.row()])
        #expect(judge(before: before, after: Sample.snapshot([]), memory: memory)?.doubt == .changed)
    }

    @Test func `spares its scope when only its workspace changed`() {
        let row = Sample.row()
        let before = Sample.snapshot([row], [Sample.workspaceRow(.active)])
        let after = Sample.snapshot([row], [Sample.workspaceRow(.deleting)])
        #expect(judge(before: before, after: after)?.doubt == .changed)
    }

    @Test func `is kept all the same when it is to be kept`() {
        let after = Sample.snapshot([Sample.row()])
        #expect(judge(before: Sample.snapshot([Sample.row(.starting)]), after: after) == .keep(Sample.scope, .claimed))
    }
}

@Suite struct `A kill that failed` {
    @Test func `is tried again by the very next pass, also for a row that lost its stamp`() {
        var memory = ReaperMemory()
        memory.recordFailedKill(Sample.scope.unit, outcome: "unkillable", now: .now)
        #expect(judge(Sample.row(), Sample.alive, memory: memory).first?.condemnation == .failedKill("unkillable"))
        let unexplained = Reconciliation.judge(
            Sample.claims([], [], spent: [Sample.workspace]), Sample.ground(Sample.alive), memory, Sample.context())
        #expect(unexplained.first?.condemnation == .failedKill("unkillable"))
    }

    @Test func `is remembered until nothing of it is left, also past a look that could not be read (I3)`() {
        var memory = ReaperMemory()
        memory.recordFailedKill(Sample.scope.unit, outcome: "unkillable", now: .now)
        #expect(judge(Sample.row(), Sample.unread, memory: memory).memory.failedKills == memory.failedKills)
        #expect(judge(Sample.row(stamped: true), .empty, memory: memory).memory.failedKills.isEmpty)
    }
}
