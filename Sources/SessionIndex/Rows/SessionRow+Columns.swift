import CgroupPty
import GRDB

extension SessionRow: StoredRow {
    static let table = "session"
    static let columns = [
        "id", "origin_workspace_id", "workspace_id", "kind", "title", "status", "command", "cwd", "on_exit", "unit",
        "boot_id", "leader_pid", "leader_start", "terminal_device", "exit_code", "exit_signal",
        "end_reason", "dispose_requested_at", "last_outcome", "members_left", "request", "created_at", "ended_at",
        "limits", "max_runtime", "idle_timeout", "dispose_reason",
    ]

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        self.init(
            id: try reader.sessionID(),
            originWorkspaceID: try reader.optionalWorkspaceID(),
            workspaceID: try reader.workspaceID(),
            kind: try reader.word(),
            title: try reader.text(),
            status: try reader.word(),
            command: try reader.textList(),
            cwd: try reader.text(),
            onExit: try reader.word(),
            unit: try reader.text(),
            bootID: try reader.text(),
            leader: try reader.optionalProcessIdentity(),
            terminalDevice: try reader.optionalInteger().map(StoredInteger.unsigned),
            exit: try reader.optionalExit(),
            endReason: try reader.optionalWord(),
            disposeRequestedAt: try reader.optionalDate(),
            lastOutcome: try reader.optionalText(),
            membersLeft: try reader.optionalInteger().map { Int($0) },
            request: try reader.text(),
            createdAt: try reader.date(),
            endedAt: try reader.optionalDate(),
            limits: try reader.limits(),
            maxRuntime: try reader.optionalInteger().map { Int($0) },
            idleTimeout: try reader.optionalInteger().map { Int($0) }
        )
        disposeReason = try reader.optionalWord()
    }

    var values: [(any DatabaseValueConvertible)?] {
        [
            id.rawValue, originWorkspaceID?.rawValue, workspaceID.rawValue, kind.rawValue, title, status.rawValue,
            StoredTextList.text(command), cwd, onExit.rawValue, unit, bootID, leader?.pid.rawValue,
            leader.map { StoredInteger.signed($0.startTicks) }, terminalDevice.map(StoredInteger.signed), exit?.code,
            exit?.signal, endReason?.rawValue, disposeRequestedAt.map(StoredDate.text), lastOutcome, membersLeft,
            request, StoredDate.text(createdAt), endedAt.map(StoredDate.text),
            limits.isEmpty ? nil : limits.text, maxRuntime, idleTimeout, disposeReason?.rawValue,
        ]
    }
}

extension SessionRow.Exit {
    /// The exit code, nil when a signal ended the leader.
    var code: Int32? {
        switch self {
        case .code(let code): code
        case .signal: nil
        }
    }

    /// The signal, nil when the leader exited.
    var signal: Int32? {
        switch self {
        case .code: nil
        case .signal(let signal): signal
        }
    }
}
