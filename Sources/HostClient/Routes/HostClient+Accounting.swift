public import HostProtocol

/// What has been used.
extension HostClient {
    /// What the kernel has counted of one workspace or of all.
    public func stats(
        _ options: StatsOptions = StatsOptions()
    ) async throws(HostClientFailure) -> StatsDocument {
        var query: [QueryItem] = []
        if let workspace = options.workspace { query.append(QueryItem("workspace", workspace)) }
        if let ids = options.sessionsOf { query.append(QueryItem("sessions_of", ids.joined(separator: ","))) }
        if options.brief { query.append(QueryItem("brief", "true")) }
        return try await document(.get, "/v1/stats", query: query).document
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
