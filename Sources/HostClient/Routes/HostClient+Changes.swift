public import HostProtocol

/// Changes of what is there.
extension HostClient {
    /// Changes what the request names of a workspace.
    public func changeWorkspace(
        _ id: String, _ request: ChangeRequest
    ) async throws(HostClientFailure) -> WorkspaceDocument {
        try await change("/v1/workspaces/\(RequestTarget.escape(id))", request)
    }

    /// Changes what the request names of a session.
    public func changeSession(
        _ id: String, _ request: ChangeRequest
    ) async throws(HostClientFailure) -> SessionDocument {
        try await change(Self.path(id), request)
    }

    private func change<Document: Decodable>(
        _ path: String, _ request: ChangeRequest
    ) async throws(HostClientFailure) -> Document {
        let body = try Self.body(request, for: "PATCH \(path)")
        return try await document(.patch, path, body: body, timeout: .seconds(90)).document
    }
}
