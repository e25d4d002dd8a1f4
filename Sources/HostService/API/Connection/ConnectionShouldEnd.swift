/// Tells a connection that the service stops: idle ones close, busy ones after their answer, WebSockets with 1001.
struct ConnectionShouldEnd: Sendable {}
