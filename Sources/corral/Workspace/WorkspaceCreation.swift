import HostClient
import HostProtocol

/// What `create` and `adopt` have in common.
enum WorkspaceCreation {
    /// Asks for the workspace and prints it: its id and path, or the document.
    /// - Throws: ``CommandStatus/other`` when it was made but its setup failed; that is told on stderr, as is a setup that was skipped.
    static func perform(_ request: CreateWorkspaceRequest, _ client: HostClient, asJSON: Bool) async throws {
        let creation = try await client.createWorkspace(request)
        let workspace = creation.document
        try Console.print(workspace, asJSON: asJSON) { "\(workspace.id)  \(Table.Cell(workspace.path).text)" }
        if !creation.isNew, !asJSON {
            let ignored = request.id == nil ? ignored(request, workspace) : []
            Console.note(
                "It was there already"
                    + (ignored.isEmpty ? "." : ", and is as it was; not applied: \(ignored.joined(separator: ", "))."))
        }
        guard workspace.state == .failed else {
            if creation.isNew, let detail = workspace.detail { Console.note("corral: \(detail)") }
            return
        }
        Console.note(
            """
            corral: workspace \(workspace.id) was made, but its setup failed: \(workspace.detail ?? "no reason was given").
            It was kept, to be looked at. `corral workspace delete \(workspace.id)` removes it.
            """
        )
        throw CommandStatus.other
    }

    /// Options that say something else than the workspace that was there already is.
    private static func ignored(_ request: CreateWorkspaceRequest, _ workspace: WorkspaceDocument) -> [String] {
        [
            request.name.map { $0 == workspace.name } == false ? "--name" : nil, request.base == nil ? nil : "--base",
            request.limits == nil ? nil : "limits", request.freezeIdle == nil ? nil : "--freeze-idle",
            request.expiresIn == nil ? nil : "--expires",
        ].compactMap { $0 }
    }
}
