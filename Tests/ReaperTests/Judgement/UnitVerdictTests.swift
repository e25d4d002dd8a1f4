import CgroupPty
import SessionIndex
import Testing

@testable import Reaper

@Suite struct `A unit of systemd` {
    private let sliceUnit = "corral-1f2e3d4c-wone.slice"

    private func judge(
        _ name: String, _ state: String, _ presence: Presence?, rows: [SessionRow] = [],
        context: ReconciliationContext = Sample.context(), workspace: WorkspaceRow.State = .active
    ) -> Verdict? {
        Reconciliation.judge(
            Sample.claims(rows, [Sample.workspaceRow(workspace)]),
            Sample.ground(presence, units: [Sample.unit(name, state)]),
            ReaperMemory(), context
        ).verdicts.last
    }

    @Test(arguments: [Presence?.none, .empty])
    func `that is active and holds nothing is stopped, whatever the row says`(_ presence: Presence?) {
        for rows in [[], [Sample.row()], [Sample.row(.disposed, reason: .killed)]] {
            guard case .stopUnit(.scope(Sample.scope), _) = judge(Sample.scope.unit, "active", presence, rows: rows)
            else {
                Issue.record("not stopped with \(rows)")
                return
            }
        }
    }

    @Test func `that failed and holds nothing is reset`() {
        guard case .resetUnit(.scope(Sample.scope), _) = judge(Sample.scope.unit, "failed", nil) else {
            Issue.record("not reset")
            return
        }
    }

    @Test(arguments: ["active", "failed"])
    func `that holds something is left to the verdict on its scope`(_ state: String) {
        #expect(judge(Sample.scope.unit, state, Sample.alive, rows: [Sample.row()]) == .keep(Sample.scope, .claimed))
    }

    @Test func `is left when it is not known whether it holds something (I3)`() {
        #expect(judge(Sample.scope.unit, "active", Sample.unread)?.acts == false)
    }

    @Test func `is left while its session is being started`() {
        let context = Sample.context(creations: [Sample.session])
        #expect(judge(Sample.scope.unit, "active", nil, context: context)?.doubt == .creationInFlight)
    }

    @Test func `is stopped when it is an empty slice and nothing is being started`() {
        guard case .stopUnit(Sample.slice, _) = judge(sliceUnit, "active", nil) else {
            Issue.record("not stopped")
            return
        }
        let elsewhere = SessionID("selsewhere")!
        let row = Sample.row(.starting, id: elsewhere, in: WorkspaceID("wtwo")!)
        let others = Sample.context(creations: [elsewhere])
        #expect(judge(sliceUnit, "active", nil, rows: [row], context: others)?.acts == true)
        #expect(
            judge(sliceUnit, "active", nil, context: others)?.doubt == .creationInFlight, "its place is not known yet")
        let saga = Sample.context(sagas: [Sample.workspace])
        #expect(judge(sliceUnit, "active", nil, context: saga, workspace: .deleting)?.doubt == .sagaRunning)
    }

    @Test(arguments: ["corral-99999999-wone-sone.scope", "corral-1f2e3d4c-wone-sone-more.scope", "corral-host.service"])
    func `that is not exactly ours by its name is not touched`(_ name: String) {
        #expect(judge(name, "active", nil) == nil)
        #expect(judge(name, "failed", nil) == nil)
    }

    @Test(arguments: ["inactive", "activating", "deactivating"])
    func `that is on its way is left`(_ state: String) {
        #expect(judge(Sample.scope.unit, state, nil) == nil)
    }
}

@Suite struct `Another instance` {
    @Test func `is listed and never acted on`() {
        let scope = ScopeName(instance: Sample.other, workspace: Sample.workspace, session: Sample.session)
        let judgement = Reconciliation.judge(
            Sample.claims([Sample.row(.disposed, reason: .killed)]), Sample.ground(nil, foreign: [scope]),
            ReaperMemory(),
            Sample.context(unclaimed: true))
        #expect(judgement.verdicts == [.settled(Sample.session), .foreign(scope)])
        #expect(judgement.verdicts.allSatisfy { !$0.acts })
    }

    @Test func `has no place in a ground of this one (I3)`() {
        let scope = ScopeName(instance: Sample.other, workspace: Sample.workspace, session: Sample.session)
        guard case .unknown = Sample.ground(Sample.alive).presence(of: scope) else {
            Issue.record("it was judged")
            return
        }
    }
}
