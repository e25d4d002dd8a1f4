/// Why a WebSocket is closed.
///
/// - SeeAlso: RFC 6455, section 7.4.1; the IANA registry of WebSocket close codes for 1013
enum WebSocketCloseCode: UInt16, Sendable {
    /// The session has ended.
    case normal = 1000
    /// The service stops, or lets go of the session; it may be there again.
    case goingAway = 1001
    /// The client broke the protocol.
    case protocolError = 1002
    /// Text that is not UTF-8, or control that is not JSON.
    case inconsistentData = 1007
    /// A message beyond the limit.
    case messageTooLarge = 1009
    /// The service failed.
    case internalError = 1011
    /// The client fell too far behind; what it missed is in the ring.
    case tryAgainLater = 1013
}
