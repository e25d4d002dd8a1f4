import NIOCore

/// A request that has found its route.
struct RouteCall: Sendable {
    let request: APIRequest
    let query: QueryParameters
    /// What stood for `{id}` in the path; empty where the route has none.
    let id: String

    /// The body's bytes.
    var body: [UInt8] { Array(request.body.readableBytesView) }
}
