import FoundationEssentials
import HostProtocol

@testable import corral

/// Documents for tests to change what matters to them.
enum Samples {
    /// 2026-11-22 21:02:58 UTC.
    static let moment = Timestamp(Date(timeIntervalSince1970: 1_795_381_378))

    /// Five minutes after the moment, in UTC.
    static let time = TimeText(now: moment.date.addingTimeInterval(300)) { _ in 0 }

    /// No colours.
    static let plain = TextStyle(environment: [:], isTerminal: false)

    static func workspace(_ id: String, name: String, path: String = "/srv/w", sessions: Int = 0) -> WorkspaceDocument {
        WorkspaceDocument(
            id: id, name: name, kind: .worktree, state: .active, repository: "/srv/app", branch: name, path: path,
            slice: "corral-1f2e3d4c-\(id).slice", createdAt: moment, sessions: sessions, detail: nil
        )
    }

    static func session(_ id: String, title: String, status: SessionDocument.Status = .active) -> SessionDocument {
        SessionDocument(
            id: id, workspace: "wk4m2", kind: .shell, title: title, status: status, command: ["bash", "-l"],
            cwd: "/srv/w",
            unit: "corral-1f2e3d4c-wk4m2-\(id).scope", cgroup: nil, leaderPid: 4242, members: nil, onExit: .kill,
            exit: nil,
            endReason: nil, terminal: .open, disposeRequestedAt: nil, lastOutcome: nil, createdAt: moment, endedAt: nil,
            attached: 0
        )
    }

    static func end(
        _ id: String = "s9x1", _ outcome: OutcomeDocument = .confirmed, survivors: [SurvivorDocument] = [],
        suspects: [EscapeDocument]? = nil, detail: String? = nil
    ) -> SessionEndDocument {
        SessionEndDocument(
            session: id, unit: "corral-1f2e3d4c-wk4m2-\(id).scope", outcome: outcome,
            ended: outcome == .confirmed ? .hangup : nil, membersSignalled: 3, durationMs: 41, survivors: survivors,
            suspects: suspects, detail: detail
        )
    }

    static let survivor = SurvivorDocument(
        pid: 4242, command: "cat", state: "D", wchan: "nfs_wait_bit_killable",
        cgroup: "corral.slice/corral-1f2e3d4c.slice/corral-1f2e3d4c-wk4m2.slice/corral-1f2e3d4c-wk4m2-s9x1.scope"
    )

    static func receipt(_ state: ReceiptDocument.State, _ outcome: OutcomeDocument) -> ReceiptDocument {
        var receipt = ReceiptDocument(id: "r7k2m", workspace: "wk4m2", workspaceName: "fix-login", createdAt: moment)
        receipt.state = state
        receipt.outcome = outcome
        return receipt
    }

    /// A host that has made one pass.
    static let status = StatusDocument(
        instance: "1f2e3d4c", version: "0.1.0", pid: 99, manager: .user, systemdVersion: "252.39",
        systemdReachable: true,
        slice: "corral-1f2e3d4c.slice", stateDirectory: "/home/u/.local/state/corral/m",
        socket: "/run/user/1/corral.sock",
        bootId: "b", startedAt: moment, workspaces: 2, sessions: 5,
        keepsTerminals: true, trash: TrashDocument(worktrees: 0, entries: 0),
        reaper: ReaperDocument(passes: 1, lastPass: PassDocument(at: moment), lastFailure: nil)
    )
}
