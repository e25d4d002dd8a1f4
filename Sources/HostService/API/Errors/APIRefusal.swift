/// What the interface refuses by itself, before or after the host was asked.
///
/// The host's own refusals are ``HostFailure``; ``APIError`` alone gives both their status and code.
enum APIRefusal: Error, Sendable, Equatable {
    /// The peer, or a browser behind it, has no business on this socket.
    case forbidden(String)
    case routeNotFound(String)
    /// The path exists with other methods.
    case methodNotAllowed(String, allowed: [String])
    case payloadTooLarge(String)
    case headersTooLarge(String)
    /// The bytes are not HTTP/1.1, or not as it wants them.
    case malformed(String)
    /// The route is a WebSocket's and the request is an ordinary one.
    case upgradeRequired(String)
    /// The connections that may be open at the same time are.
    case tooManyConnections(String)
    /// A delete was stopped before anything of the workspace was removed.
    case kept(String)
}
