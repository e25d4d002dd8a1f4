import NIOHTTP1

/// One verb of the interface: where it is, which query it understands, and what it does.
protocol Route: Sendable {
    var method: HTTPMethod { get }
    /// For instance `/v1/workspaces/{id}/sessions`; `{id}` stands for one segment.
    var path: String { get }
    /// Query keys that the route understands. Any other is refused.
    var queryKeys: Set<String> { get }
    /// What a JSON body may hold; nil for a route without one.
    var bodyShape: JSONShape? { get }
    /// What the OpenAPI document says of it.
    var description: RouteDescription { get }
    /// Whether the verb is given up when its client goes away or the service stops. Only for one that changes nothing (I7).
    var endsWithClient: Bool { get }
    /// Carries the verb out.
    /// - Throws: ``HostFailure``, ``APIRefusal``, or what nobody foresaw.
    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer
}

extension Route {
    /// Most routes understand no query.
    var queryKeys: Set<String> { [] }

    /// Most routes read no body.
    var bodyShape: JSONShape? { nil }

    /// Most routes are carried out whatever becomes of the client.
    var endsWithClient: Bool { false }
}
