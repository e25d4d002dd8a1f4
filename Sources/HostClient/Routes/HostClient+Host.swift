public import HostProtocol

/// The host itself and its reaper.
extension HostClient {
    /// What the host says of itself.
    public func status(
        timeout: Duration = HostClient.defaultTimeout
    ) async throws(HostClientFailure) -> StatusDocument {
        try await document(.get, "/v1/status", timeout: timeout).document
    }

    /// Makes a pass of the reaper, after those that are under way, and waits for it.
    /// - Parameters:
    ///   - dryRun: Says what it would do and does nothing.
    ///   - unclaimed: Also ends scopes of ours that no row and no receipt explains.
    public func reap(
        dryRun: Bool = false, unclaimed: Bool = false, timeout: Duration = .seconds(300)
    ) async throws(HostClientFailure) -> PassDocument {
        var query: [QueryItem] = []
        if dryRun { query.append(QueryItem("dry_run", "true")) }
        if unclaimed { query.append(QueryItem("unclaimed", "true")) }
        return try await document(.post, "/v1/reaper/pass", query: query, timeout: timeout).document
    }

    /// How many passes there were, and the last one's result.
    public func reaper() async throws(HostClientFailure) -> ReaperDocument {
        try await document(.get, "/v1/reaper").document
    }
}
