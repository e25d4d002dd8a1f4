import NIOHTTP1

/// One verb of the interface: where it is, which query it understands, and what it does.
protocol Route: Sendable {
    var method: HTTPMethod { get }
    /// For instance `/v1/workspaces/{id}/sessions`; `{id}` stands for one segment.
    var path: String { get }
    /// Query keys that the route understands. Any other is refused.
    var queryKeys: Set<String> { get }
    /// Carries the verb out.
    /// - Throws: ``HostFailure``, ``APIRefusal``, or what nobody foresaw.
    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer
}

extension Route {
    /// Most routes understand no query.
    var queryKeys: Set<String> { [] }
}
