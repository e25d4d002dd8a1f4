public import HostProtocol

/// What has been used.
extension HostClient {
    /// What the kernel has counted of one workspace or of all.
    public func stats(workspace: String? = nil) async throws(HostClientFailure) -> StatsDocument {
        try await document(.get, "/v1/stats", query: workspace.map { [QueryItem("workspace", $0)] } ?? []).document
    }

    /// The few figures that a look every second shows.
    /// - Parameter sessionsOf: with the sessions of these workspaces only; nil for those of all.
    public func load(
        workspace: String? = nil, sessionsOf: [String]? = nil
    ) async throws(HostClientFailure) -> LoadDocument {
        var query = workspace.map { [QueryItem("workspace", $0)] } ?? []
        if let sessionsOf { query.append(QueryItem("sessions_of", sessionsOf.joined(separator: ","))) }
        return try await document(.get, "/v1/load", query: query).document
    }

    /// How much of the disk a workspace's directory takes, as far as it can be counted within so many seconds.
    public func diskUsage(of id: String, within seconds: Double = 10) async throws(HostClientFailure) -> DiskDocument {
        try await document(
            .get, "/v1/workspaces/\(RequestTarget.escape(id))/disk",
            query: [QueryItem("timeout", Self.seconds(seconds))],
            timeout: .seconds(min(max(seconds, 0), 3600)) + Self.defaultTimeout
        ).document
    }
}
