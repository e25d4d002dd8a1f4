import HostProtocol

/// Workspaces as tables and fields.
enum WorkspaceText {
    /// The columns of a list.
    static let headers = ["ID", "NAME", "STATE", "KIND", "BRANCH", "SESSIONS", "CREATED", "PATH"]

    /// The cells of a list's line.
    static func row(_ workspace: WorkspaceDocument, _ time: TimeText) -> [Table.Cell] {
        [
            Table.Cell(workspace.id), Table.Cell(workspace.name), state(workspace),
            Table.Cell(workspace.kind.rawValue), Table.Cell(workspace.branch), Table.Cell(workspace.sessions),
            Table.Cell(time.ago(workspace.createdAt)), Table.Cell(workspace.path),
        ]
    }

    /// Everything of one workspace.
    static func fields(_ workspace: WorkspaceDocument, _ time: TimeText, _ style: TextStyle) -> String {
        var fields = Fields()
        fields.append("workspace", Table.Cell(workspace.id))
        fields.append("name", Table.Cell(workspace.name))
        fields.append("state", state(workspace))
        if let detail = workspace.detail { fields.append("reason", Table.Cell(detail)) }
        let fate =
            workspace.kind == .worktree ? "worktree, removed with the workspace" : "adopted, never removed from disk"
        fields.append("kind", Table.Cell(fate))
        fields.append("path", Table.Cell(workspace.path))
        fields.append("repository", Table.Cell(workspace.repository))
        fields.append("branch", Table.Cell(workspace.branch))
        fields.append("slice", Table.Cell(workspace.slice))
        if let limits = LimitText.line(workspace.limits) { fields.append("limits", Table.Cell(limits)) }
        fields.append("created", Table.Cell(time.both(workspace.createdAt)))
        fields.append("sessions", Table.Cell(workspace.sessions))
        if let moment = workspace.expiresAt { fields.append("expires", Table.Cell(time.full(moment))) }
        if let seconds = workspace.freezeIdle {
            fields.append("freeze", Table.Cell("after \(TimeText.span(seconds)) of no use"))
        }
        return fields.text(style)
    }

    /// Where the workspace is in its life: `active`, or `active, frozen`.
    private static func state(_ workspace: WorkspaceDocument) -> Table.Cell {
        let state = workspace.state
        if workspace.frozen == true { return Table.Cell("\(state.rawValue), frozen", .pending) }
        let colour: TextStyle.Colour =
            switch state {
            case .active: .good
            case .creating, .deleting: .pending
            case .failed: .bad
            }
        return Table.Cell(state.rawValue, colour)
    }
}
