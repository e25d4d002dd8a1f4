import HostProtocol

/// Sessions as tables and fields.
enum SessionText {
    /// The columns of a list.
    static let headers = ["ID", "TITLE", "WORKSPACE", "STATUS", "MEMBERS", "ATTACHED", "CREATED", "COMMAND"]

    /// A line a session.
    static func table(_ sessions: [SessionDocument], _ time: TimeText, _ style: TextStyle) -> String {
        Table(headers, rows: sessions.map { row($0, time) }).text(style)
    }

    /// The cells of a list's line.
    static func row(_ session: SessionDocument, _ time: TimeText) -> [Table.Cell] {
        [
            Table.Cell(session.id), Table.Cell(session.title), Table.Cell(session.workspace), status(session),
            Table.Cell(session.members), Table.Cell(session.attached), Table.Cell(time.ago(session.createdAt)),
            Table.Cell(session.command.joined(separator: " ")),
        ]
    }

    /// Everything of one session.
    static func fields(_ session: SessionDocument, _ time: TimeText, _ style: TextStyle) -> String {
        var fields = Fields()
        fields.append("session", Table.Cell(session.id))
        fields.append("title", Table.Cell(session.title))
        fields.append("workspace", Table.Cell(session.workspace))
        fields.append("kind", Table.Cell(session.kind.rawValue))
        fields.append("status", status(session))
        fields.append("command", Table.Cell(session.command.joined(separator: " ")))
        fields.append("directory", Table.Cell(session.cwd))
        fields.append("leader", Table.Cell(session.leaderPid.map { "pid \($0)" }))
        fields.append("members", Table.Cell(session.members))
        fields.append("attached", Table.Cell(session.attached))
        fields.append("on exit", Table.Cell(session.onExit == .kill ? "kill what is left" : "keep what is left"))
        fields.append("unit", Table.Cell(session.unit))
        fields.append("cgroup", Table.Cell(session.cgroup))
        if let limits = LimitText.line(session.limits) { fields.append("limits", Table.Cell(limits)) }
        fields.append("created", Table.Cell(time.both(session.createdAt)))
        if let seconds = session.maxRuntime { fields.append("max runtime", Table.Cell(TimeText.span(seconds))) }
        if let seconds = session.idleTimeout { fields.append("idle timeout", Table.Cell(TimeText.span(seconds))) }
        if let moment = session.disposeRequestedAt { fields.append("kill asked", Table.Cell(time.both(moment))) }
        if let moment = session.endedAt { fields.append("ended", Table.Cell(time.both(moment))) }
        if let outcome = session.lastOutcome { fields.append("last outcome", Table.Cell(outcome)) }
        return fields.text(style)
    }

    /// Where the session is in its life, with what is odd about it: `active, terminal lost`, `exited (status 3)`.
    static func status(_ session: SessionDocument) -> Table.Cell {
        switch session.status {
        case .active where session.terminal == .lost:
            Table.Cell(session.frozen == true ? "active, terminal lost, frozen" : "active, terminal lost", .pending)
        case .active where session.frozen == true: Table.Cell("active, frozen", .pending)
        case .active: Table.Cell("active", .good)
        case .starting, .stopping: Table.Cell(session.status.rawValue, .pending)
        case .exited, .disposed: Table.Cell("\(session.status.rawValue)\(cause(session).map { " (\($0))" } ?? "")")
        }
    }

    /// Why the session is over, as far as it is known.
    static func cause(_ session: SessionDocument) -> String? {
        exit(session.exit, session.endReason)
    }

    /// How a session's leader ended, or else why the session is over; nil when neither is known.
    static func exit(_ exit: SessionDocument.Exit?, _ reason: SessionDocument.EndReason?) -> String? {
        switch (reason, exit?.code, exit?.signal) {
        case (.exited?, let code?, _), (nil, let code?, _): "status \(code)"
        case (.signalled?, _, let signal?), (nil, _, let signal?): "signal \(signal)"
        case (let reason?, _, _): words(reason)
        case (nil, nil, nil): nil
        }
    }

    private static func words(_ reason: SessionDocument.EndReason) -> String {
        switch reason {
        case .exited: "status not known"
        case .signalled: "a signal"
        case .killed: "killed"
        case .workspaceDeleted: "workspace deleted"
        case .oom: "out of memory"
        case .lost: "lost"
        case .reboot: "reboot"
        case .hostStopped: "host stopped"
        case .startFailed: "start failed"
        case .maxRuntime: "ran as long as it was to"
        case .idleTimeout: "idle for too long"
        }
    }
}
