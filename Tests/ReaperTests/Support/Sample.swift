import FoundationEssentials
import SessionIndex

@testable import CgroupPty
@testable import Reaper

/// Rows, claims and grounds to judge.
enum Sample {
    static let instance = InstanceID("1f2e3d4c")!
    static let other = InstanceID("99999999")!
    static let workspace = WorkspaceID("wone")!
    static let session = SessionID("sone")!
    static let boot = "boot-now"
    static let scope = ScopeName(instance: instance, workspace: workspace, session: session)
    static let slice = OwnUnit.slice(instance, workspace)
    static let leader = ProcessIdentity(pid: ProcessID(4711), startTicks: 100)
    static let member = ProcessIdentity(pid: ProcessID(4712), startTicks: 200)
    static let alive = Presence.populated(.known([leader, member]))
    static let unread = Presence.unknown("read cgroup.events: EIO")
    static let noon = Date(timeIntervalSince1970: 1_700_000_000)

    static func workspaceRow(_ state: WorkspaceRow.State = .active, id: WorkspaceID = workspace) -> WorkspaceRow {
        WorkspaceRow(
            id: id, name: "\(id)", kind: .adopted, state: state, repository: nil, branch: nil, path: "/trees/\(id)",
            request: "{}", createdAt: noon)
    }

    static func row(
        _ status: SessionRow.Status = .active, reason: SessionRow.EndReason? = nil, kind: SessionRow.Kind = .shell,
        onExit: SessionRow.OnExit = .kill, stamped: Bool = false, gone: Bool = false, boot: String = boot,
        leader: ProcessIdentity? = nil, id: SessionID = session, in workspace: WorkspaceID = workspace,
        terminal: UInt64? = nil, createdAt: Date = noon
    ) -> SessionRow {
        SessionRow(
            id: id, originWorkspaceID: gone ? nil : workspace, workspaceID: workspace, kind: kind, title: "t",
            status: status, command: ["sh"], cwd: "/", onExit: onExit,
            unit: ScopeName(instance: instance, workspace: workspace, session: id).unit, bootID: boot, leader: leader,
            terminalDevice: terminal, endReason: status.isEnded ? reason : nil,
            disposeRequestedAt: stamped ? noon : nil, request: "{}", createdAt: createdAt,
            endedAt: status.isEnded ? noon : nil)
    }

    static func snapshot(
        _ rows: [SessionRow], _ workspaces: [WorkspaceRow] = [workspaceRow()], spent: Set<WorkspaceID> = []
    ) -> ClaimSnapshot {
        let deleting = workspaces.filter { $0.state == .deleting }.map(\.id)
        return ClaimSnapshot(sessions: rows, workspaces: workspaces, spentWorkspaces: spent.union(deleting))
    }

    static func claims(
        _ rows: [SessionRow], _ workspaces: [WorkspaceRow] = [workspaceRow()], spent: Set<WorkspaceID> = []
    ) -> IndexClaims {
        let snapshot = snapshot(rows, workspaces, spent: spent)
        return IndexClaims(before: snapshot, after: snapshot)
    }

    /// A ground with one slice; nil presence: the session has no scope.
    static func ground(
        _ presence: Presence?, strangers: [SliceContents.Stranger] = [], units: [SystemdManager.Unit] = [],
        foreign: [ScopeName] = [], leader: LeaderPlace? = nil
    ) -> GroundTruth {
        var isPopulated = !strangers.isEmpty
        if case .populated = presence { isPopulated = true }
        let contents = SliceContents(
            isPopulated: isPopulated, scopes: presence.map { [session: $0] } ?? [:], strangers: strangers)
        return GroundTruth(
            instance: instance, slices: .known([workspace: .known(contents)]), foreign: .known(foreign),
            units: .known(units), leaders: leader.map { [scope: $0] } ?? [:])
    }

    static func context(
        creations: Set<SessionID> = [], kills: Set<SessionID> = [], sagas: Set<WorkspaceID> = [],
        terminals: Set<SessionID>? = nil, seconds: UInt64 = 1000, unclaimed: Bool = false
    ) -> ReconciliationContext {
        ReconciliationContext(
            bootID: boot, creations: creations, kills: kills, sagas: sagas, terminals: terminals,
            now: Deadline(bootNanoseconds: seconds * 1_000_000_000), reapsUnclaimed: unclaimed)
    }

    static func stranger(_ name: String = "tmux-spawn-1.scope") -> SliceContents.Stranger {
        SliceContents.Stranger(
            path: SliceName.workspace(instance, workspace).path.appending(name), members: .known([member]))
    }

    static func unit(_ name: String, _ state: String) -> SystemdManager.Unit {
        SystemdManager.Unit(name: name, activeState: state, subState: "running")
    }
}

extension Reconciliation.Judgement {
    /// The first verdict, without those that say that nothing is wrong with the units.
    var first: Verdict? { verdicts.first }

    /// Whether something is to be ended.
    var endsProcesses: Bool { verdicts.contains(where: \.endsProcesses) }
}

extension Verdict {
    /// What condemns those who are to be ended; nil when nobody is.
    var condemnation: Evidence.Condemnation? {
        switch self {
        case .reap(_, _, let evidence), .endSlice(_, _, let evidence): evidence.condemnation
        default: nil
        }
    }

    /// Why it was left; nil when it was not.
    var doubt: Doubt? {
        if case .leave(_, let doubt) = self { return doubt }
        return nil
    }
}

/// Judges one row against one presence of its scope.
func judge(
    _ row: SessionRow, _ presence: Presence?, workspace: WorkspaceRow.State? = .active,
    memory: ReaperMemory = ReaperMemory(),
    leader: LeaderPlace? = nil, context: ReconciliationContext = Sample.context()
) -> Reconciliation.Judgement {
    Reconciliation.judge(
        Sample.claims(
            [row], workspace.map { [Sample.workspaceRow($0)] } ?? [], spent: workspace == nil ? [Sample.workspace] : []),
        Sample.ground(presence, leader: leader), memory, context)
}
