public import HostProtocol

/// What workspaces serve.
extension HostClient {
    /// The ports of one workspace or of all, as a look finds them now.
    public func ports(workspace: String? = nil) async throws(HostClientFailure) -> PortListDocument {
        try await document(
            .get, "/v1/ports", query: workspace.map { [QueryItem("workspace", $0)] } ?? []
        ).document
    }

    /// Ends the processes that wait at a port of a workspace.
    public func closePort(_ selection: PortSelection) async throws(HostClientFailure) -> PortEndDocument {
        var query = [QueryItem("workspace", selection.workspace), QueryItem("port", "\(selection.port)")]
        if let transport = selection.transport { query.append(QueryItem("protocol", transport.rawValue)) }
        if selection.force { query.append(QueryItem("force", "true")) }
        return try await document(.delete, "/v1/ports", query: query, timeout: .seconds(60)).document
    }
}
