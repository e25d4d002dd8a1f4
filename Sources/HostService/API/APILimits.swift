/// How much a client can make the interface hold, and how long it can make it wait (I8).
struct APILimits: Sendable {
    /// Bytes of a request's body. From the design; a paste into a terminal is the largest thing that is sent.
    var requestBody = 1 << 20
    /// Bytes of a request's line and header. Ours need a few hundred; 64 KiB lets a proxy add its own.
    var requestHeader = 64 << 10
    /// Fields of a request's header.
    var requestHeaderFields = 100
    /// Connections that are served at the same time. Each costs one descriptor, an attached client two.
    var connections = 1024
    /// Connections beyond ``connections`` that are told so (503); those beyond these are closed without a word.
    var refusedConnections = 64
    /// How long a connection may wait for the client, either for a whole request or until the client has
    /// read a reply. Not counted while a request is worked on, since a delete may take minutes.
    var clientWait: Duration = .seconds(60)
    /// How long a reply that ends its connection waits for the client to stop sending. Closing earlier would reset the
    /// connection, and a client that is still writing its request would never see why it was refused.
    var linger: Duration = .seconds(2)
    /// Bytes of a WebSocket message, after its fragments were put together. From the design.
    var webSocketMessage = 1 << 20
    /// Bytes of output in one WebSocket message. Larger ones make a client wait for its first byte, smaller ones cost
    /// calls.
    var outputFrame = 64 << 10
    /// Bytes of an attached client's input that are given to a terminal at a time. Small beside what a host lets wait.
    var inputPart = 64 << 10
    /// How long an attached client waits before it tries again to write to a terminal that others have filled.
    var inputRetry: Duration = .milliseconds(100)
    /// How long a WebSocket may take to close after its close frame was sent.
    var closeGrace: Duration = .seconds(5)
    /// How long an attached client that was cut as too slow is heard: until the kernel has taken the close frame, and again until the
    /// client has answered it. It types meanwhile, and learns of the cut behind all that it has not read.
    var cutGrace: Duration = .seconds(20)
    /// How long open requests and WebSockets may take to end when the service stops.
    /// Attached clients are told at once and come back by themselves; one that does not listen must not hold up a restart.
    var shutdownGrace: Duration = .seconds(2)
}
