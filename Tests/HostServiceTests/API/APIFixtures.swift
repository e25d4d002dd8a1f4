import FoundationEssentials
import HostProtocol

/// Documents with every field filled in, for a fake host to answer with.
enum APIFixtures {
    static let moment = Timestamp(Date(timeIntervalSince1970: 1_800_000_000))

    static let reaper = ReaperDocument(passes: 3, lastPass: PassDocument(at: moment), lastFailure: nil)

    static let status = StatusDocument(
        instance: "1f2e3d4c", version: "0.1.0", pid: 4711, manager: .user, systemdVersion: "252",
        systemdReachable: true,
        slice: "corral-1f2e3d4c.slice", stateDirectory: "/state", socket: "/run/corral.sock", bootId: "b",
        startedAt: moment,
        workspaces: 1, sessions: 2, keepsTerminals: true, trash: TrashDocument(worktrees: 0, entries: 0), reaper: reaper
    )

    static func workspace(id: String = "wspace") -> WorkspaceDocument {
        WorkspaceDocument(
            id: id, name: "name", kind: .worktree, state: .active, repository: "/repo", branch: "main", path: "/tree",
            slice: "corral-1f2e3d4c-\(id).slice", createdAt: moment, sessions: 1, detail: nil
        )
    }

    static func session(id: String = "sess1") -> SessionDocument {
        SessionDocument(
            id: id, workspace: "wspace", kind: .shell, title: "sh", status: .active, command: ["sh"], cwd: "/tree",
            unit: "corral-1f2e3d4c-wspace-\(id).scope", cgroup: nil, leaderPid: 99, members: 1, onExit: .kill,
            exit: nil,
            endReason: nil, terminal: .open, disposeRequestedAt: nil, lastOutcome: nil, createdAt: moment, endedAt: nil,
            attached: 0
        )
    }

    static let stats = StatsDocument(
        at: moment, instance: "1f2e3d4c", figures: FiguresDocument(reason: nil), workspaces: [], unavailable: [:])

    static let load = LoadDocument(
        at: moment, instance: "1f2e3d4c", figures: LoadFigures(reason: nil), workspaces: [], unavailable: [:])

    static let screen = ScreenDocument(
        session: "sess1", columns: 4, rows: 1, cursor: .init(row: 0, column: 2, visible: true), title: nil,
        workingDirectory: "/tree", isAlternateScreen: false, bracketedPaste: true, bells: 0, history: ["before"],
        lines: ["$ "], cells: nil, epoch: "e1", seq: 9, isComplete: true)

    static let ports = PortListDocument(
        ports: [
            PortDocument(
                workspace: "wspace", session: "sess1", protocol: .tcp, address: "127.0.0.1", port: 3000,
                hostNetwork: true, networkNamespace: 4_026_531_833,
                processes: [PortDocument.Holder(pid: 99, command: "node", session: "sess1")], firstSeen: moment)
        ], unreadable: 1, reasons: ["open /proc/98/fd: Permission denied"], durationMs: 3, at: moment)

    static func portEnd(closed: Bool?) -> PortEndDocument {
        PortEndDocument(
            workspace: "wspace", port: 3000, closed: closed,
            processes: [.init(pid: 99, command: "node", session: "sess1", outcome: .terminated, detail: nil)],
            detail: closed == true ? nil : "process 100 (node) waits there")
    }

    static func end(_ outcome: OutcomeDocument = .confirmed) -> SessionEndDocument {
        SessionEndDocument(
            session: "sess1", unit: "corral-1f2e3d4c-wspace-sess1.scope", outcome: outcome, ended: .hangup,
            membersSignalled: 1, durationMs: 12, survivors: [], detail: nil
        )
    }

    static func receipt(
        _ state: ReceiptDocument.State = .deleted, _ outcome: OutcomeDocument = .confirmed, detail: String? = nil
    ) -> ReceiptDocument {
        var receipt = ReceiptDocument(id: "rcpt1", workspace: "wspace", workspaceName: "name", createdAt: moment)
        receipt.state = state
        receipt.outcome = outcome
        receipt.detail = detail
        return receipt
    }
}
