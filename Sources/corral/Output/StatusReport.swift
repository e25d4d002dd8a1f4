import HostProtocol

/// The host's status in words.
enum StatusReport {
    /// The lines, without a newline at the end.
    static func text(_ status: StatusDocument, _ time: TimeText, _ style: TextStyle) -> String {
        var fields = Fields()
        fields.append("corral-host", Table.Cell("\(status.version), running (pid \(status.pid))", .good))
        fields.append("since", Table.Cell(time.both(status.startedAt)))
        fields.append("instance", Table.Cell(status.instance))
        let systemd = "\(status.systemdVersion ?? "-"), \(status.manager.rawValue) manager"
        fields.append(
            "systemd",
            status.systemdReachable
                ? Table.Cell(systemd) : Table.Cell(systemd + ", not reachable: nothing new can start", .bad)
        )
        fields.append("slice", Table.Cell(status.slice))
        fields.append("state", Table.Cell(status.stateDirectory))
        fields.append("socket", Table.Cell(status.socket))
        let frozen = status.frozenWorkspaces > 0 ? ", \(status.frozenWorkspaces) of them frozen" : ""
        fields.append("workspaces", Table.Cell("\(status.workspaces)\(frozen)"))
        fields.append("sessions", Table.Cell(status.sessions))
        fields.append(
            "terminals",
            Table.Cell(status.keepsTerminals ? "outlive a crash and a restart of the host" : "end with the host"))
        if status.trash.worktrees > 0 { fields.append("trash", Table.Cell(trash(status.trash))) }
        fields.append("reaper", reaper(status.reaper, time))
        if let pass = status.reaper.lastPass { fields.append("last pass", Table.Cell(PassReport.summary(pass))) }
        return fields.text(style)
    }

    private static func trash(_ trash: TrashDocument) -> String {
        let worktrees = SessionEndReport.count(trash.worktrees, "worktree", "worktrees")
        return
            "\(worktrees) to delete in the background, \(SessionEndReport.count(trash.entries, "entry", "entries")) so far"
    }

    private static func reaper(_ reaper: ReaperDocument, _ time: TimeText) -> Table.Cell {
        let passes = SessionEndReport.count(reaper.passes, "pass", "passes")
        let last = reaper.lastPass.map { ", the last \(time.ago($0.at))" } ?? ""
        guard let failure = reaper.lastFailure else { return Table.Cell(passes + last) }
        return Table.Cell("\(passes)\(last); the last try failed: \(failure)", .bad)
    }
}
