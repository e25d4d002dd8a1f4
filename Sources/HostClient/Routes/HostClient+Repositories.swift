public import HostProtocol

/// What holds for all workspaces of a repository.
extension HostClient {
    /// Trusts the scripts that lie below a directory now.
    public func trustRepository(_ path: String) async throws(HostClientFailure) -> TrustDocument {
        let body = try Self.body(TrustRequest(path: path), for: "POST /v1/repositories/trust")
        return try await document(.post, "/v1/repositories/trust", body: body).document
    }
}
