import CgroupPty
import SessionIndex
import Testing

@testable import Reaper

@Suite struct `A populated scope without a row` {
    private func judge(
        _ memory: ReaperMemory = ReaperMemory(), _ workspaces: [WorkspaceRow] = [], spent: Set<WorkspaceID> = [],
        context: ReconciliationContext = Sample.context(), presence: Presence = Sample.alive
    ) -> Reconciliation.Judgement {
        Reconciliation.judge(Sample.claims([], workspaces, spent: spent), Sample.ground(presence), memory, context)
    }

    @Test func `is remembered by the first pass, whatever its workspace is`() {
        for (workspaces, spent) in [
            ([Sample.workspaceRow()], Set<WorkspaceID>()), ([Sample.workspaceRow(.deleting)], []),
            ([], [Sample.workspace]),
            ([], []),
        ] {
            let judgement = judge(ReaperMemory(), workspaces, spent: spent)
            #expect(judgement.verdicts == [.remember(.scope(Sample.scope))])
            #expect(judgement.memory.unexplained == [Sample.scope.unit: 1_000_000_000_000])
        }
    }

    @Test func `gets its row back by the second pass in a workspace that lives`() {
        let first = judge(ReaperMemory(), [Sample.workspaceRow()])
        let second = judge(first.memory, [Sample.workspaceRow()], context: Sample.context(seconds: 1001))
        #expect(second.verdicts == [.recover(Sample.scope, .known([Sample.leader, Sample.member]))])
        #expect(second.memory.unexplained == first.memory.unexplained)
    }

    @Test func `is reaped by the second pass when its workspace has a tombstone or a receipt`() {
        let receipt = judge(judge(spent: [Sample.workspace]).memory, spent: [Sample.workspace])
        #expect(receipt.first?.condemnation == .spentWorkspace)
        let tombstone = judge(
            judge(ReaperMemory(), [Sample.workspaceRow(.deleting)]).memory, [Sample.workspaceRow(.deleting)])
        #expect(tombstone.first?.condemnation == .spentWorkspace)
    }

    @Test func `is listed by the second pass when nothing explains its workspace, and reaped only upon request`() {
        let memory = judge().memory
        #expect(judge(memory).verdicts == [.unclaimed(Sample.scope, members: 2)])
        let asked = Sample.context(unclaimed: true)
        #expect(judge(memory, context: asked).first?.condemnation == .unclaimed)
        #expect(judge(context: asked).verdicts == [.remember(.scope(Sample.scope))])
    }

    @Test func `is spared by a row that appears in between`() {
        let memory = judge(spent: [Sample.workspace]).memory
        let judgement = Reconciliation.judge(
            IndexClaims(before: Sample.snapshot([], []), after: Sample.snapshot([Sample.row()])),
            Sample.ground(Sample.alive),
            memory, Sample.context())
        #expect(judgement.first == .keep(Sample.scope, .claimed))
        #expect(judgement.memory.unexplained.isEmpty)
    }

    @Test func `that was gone for a pass, or could not be read, is remembered anew`() {
        let memory = judge(spent: [Sample.workspace]).memory
        for presence in [Presence.empty, Sample.unread] {
            let between = judge(memory, spent: [Sample.workspace], presence: presence)
            #expect(!between.endsProcesses)
            #expect(judge(between.memory, spent: [Sample.workspace]).verdicts == [.remember(.scope(Sample.scope))])
        }
    }

    @Test func `is left to the saga of its workspace, to its creation and to its kill`() {
        let memory = judge(spent: [Sample.workspace]).memory
        for (context, doubt) in [
            (Sample.context(sagas: [Sample.workspace]), Doubt.sagaRunning),
            (Sample.context(creations: [Sample.session]), .creationInFlight),
            (Sample.context(kills: [Sample.session]), .killInFlight),
        ] {
            #expect(judge(memory, spent: [Sample.workspace], context: context).first?.doubt == doubt)
        }
    }

    @Test func `is not explained by a row of the same session in another workspace`() {
        let elsewhere = WorkspaceID("wtwo")!
        let claims = Sample.claims(
            [Sample.row(.disposed, reason: .killed, in: elsewhere)],
            [Sample.workspaceRow(), Sample.workspaceRow(id: elsewhere)])
        let first = Reconciliation.judge(claims, Sample.ground(Sample.alive), ReaperMemory(), Sample.context())
        #expect(first.verdicts == [.settled(Sample.session), .remember(.scope(Sample.scope))])
        let second = Reconciliation.judge(claims, Sample.ground(Sample.alive), first.memory, Sample.context())
        #expect(second.verdicts.last?.doubt == .contradiction("its session is one of workspace wtwo"))
    }
}

@Suite struct `A cgroup beside the sessions` {
    private func judge(
        _ workspaces: [WorkspaceRow], after memory: ReaperMemory = ReaperMemory(), spent: Set<WorkspaceID> = [],
        context: ReconciliationContext = Sample.context(), presence: Presence? = nil
    ) -> Reconciliation.Judgement {
        Reconciliation.judge(
            Sample.claims([], workspaces, spent: spent), Sample.ground(presence, strangers: [Sample.stranger()]),
            memory, context)
    }

    @Test func `belongs to the workspace while that lives`() {
        #expect(judge([Sample.workspaceRow()]).verdicts == [.belongs(Sample.stranger().path, Sample.workspace)])
    }

    @Test func `dies with the workspace: the slice is ended, never the cgroup alone (I6)`() {
        #expect(judge([Sample.workspaceRow(.deleting)]).first?.condemnation == .workspaceDeleting)
        let first = judge([], spent: [Sample.workspace])
        #expect(first.verdicts == [.remember(Sample.slice)])
        #expect(judge([], after: first.memory, spent: [Sample.workspace]).first?.condemnation == .spentWorkspace)
    }

    @Test func `is left to the saga`() {
        let context = Sample.context(sagas: [Sample.workspace])
        #expect(judge([Sample.workspaceRow(.deleting)], context: context).first?.doubt == .sagaRunning)
    }

    @Test func `keeps its slice from being ended while a session's scope is in it, or could be (I3)`() {
        for presence in [Sample.alive, Sample.unread] {
            let judgement = judge([Sample.workspaceRow(.deleting)], presence: presence)
            #expect(judgement.verdicts.allSatisfy { if case .endSlice = $0 { false } else { true } })
            #expect(judgement.verdicts.last?.doubt == .sliceInUse)
        }
    }

    @Test func `of an unknown workspace is ended only upon request, in the second pass`() {
        let memory = judge([]).memory
        #expect(judge([], after: memory).first?.doubt == .unclaimed)
        #expect(judge([], after: memory, context: Sample.context(unclaimed: true)).first?.condemnation == .unclaimed)
    }
}
