import CgroupPty
import Glibc
import Logging
import NIOCore
import NIOPosix
import NIOWebSocket
import ServiceLifecycle

/// Serves the HTTP interface on a Unix socket that is already bound and listening.
///
/// It accepts, looks at who connected, and gives each connection a task. It is Corral's own and not a framework's
/// server: a descriptor comes from outside, a connection can become a WebSocket at any request and only after the
/// host has attached, and everything that a client can make us hold has a limit.
actor APIServer: Service {
    private var socket: OwnedFileDescriptor?
    private let responder: APIResponder
    private let limits: APILimits
    private let registry: ConnectionRegistry
    private let group: any EventLoopGroup
    private let logger: Logger
    private let mayConnect: @Sendable (PeerCredentials) -> Bool
    private let onListening: @Sendable () async -> Void

    /// Has the runtime make the types of connections before two event loops can ask for them.
    ///
    /// The trap: Swift 6.3 follows a null pointer where it asks whether a generic class without a superclass, NIO's decoder of HTTP here,
    /// conforms, and another thread is just making that class (`ProtocolConformance.cpp`, `getSuperclassForMaybeIncompleteMetadata`).
    /// When two clients waited for a host that was started again, one in 700 died of it.
    static func makeTypes() {
        withExtendedLifetime(HTTPConnectionHandler(limits: APILimits(), interruption: Interruption())) {}
        withExtendedLifetime(ByteToMessageHandler(WebSocketFrameDecoder())) {}
    }

    /// Makes a server. Nothing is accepted before it runs.
    /// - Parameters:
    ///   - socket: From ``ListeningSocket``. Clients that connect before the server runs wait.
    ///   - mayConnect: Whether a peer is served. Asked once a connection, before anything of it is read.
    ///   - onListening: Called once, when clients are served.
    init(
        socket: consuming OwnedFileDescriptor, host: any HostOperations, logger: Logger,
        limits: APILimits = APILimits(), group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        mayConnect: @escaping @Sendable (PeerCredentials) -> Bool = { $0.isServed(byUser: geteuid()) },
        onListening: @escaping @Sendable () async -> Void = {}
    ) {
        self.socket = consume socket
        self.responder = APIResponder(host: host, logger: logger)
        self.limits = limits
        self.registry = ConnectionRegistry(limits: limits)
        self.group = group
        self.logger = logger
        self.mayConnect = mayConnect
        self.onListening = onListening
    }

    /// Serves until the service stops, then lets open requests and WebSockets end, for a limited time.
    ///
    /// Returns although requests may still be worked on; their clients are gone then, and the host ends them.
    /// - Throws: What the listening socket failed with. ``ListeningSocketFailure/notListening(descriptor:)`` when run
    ///   twice.
    func run() async throws {
        guard let socket = socket.take() else {
            throw ListeningSocketFailure.notListening(descriptor: "the socket of a server that has run")
        }
        let listener = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel) }
            }
            .withBoundSocket(socket.release())
            .get()
        await onListening()
        let wasAsked = await waitForEnd(of: listener)
        await registry.end(within: limits.shutdownGrace)
        guard wasAsked else {
            throw ListeningSocketFailure.notListening(descriptor: "the interface's socket, which was closed under it")
        }
    }

    /// - Returns: False when the socket failed, true when the service stops.
    private func waitForEnd(of listener: any Channel) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await gracefulShutdown()
                } catch {
                    // Cancelled: the same end, without the grace.
                }
                return true
            }
            group.addTask {
                do { try await listener.closeFuture.get() } catch { self.logger.debug("close failed: \(error)") }
                return false
            }
            let wasAsked = await group.next() ?? true
            listener.close(promise: nil)
            group.cancelAll()
            return wasAsked
        }
    }

    // MARK: Connections

    private enum Refused: Error {
        case tooManyConnections
    }

    /// Prepares a new connection and starts its task.
    /// - Precondition: On the channel's event loop, before it is active.
    private nonisolated func accept(_ channel: any Channel) throws {
        let admission = registry.admit(channel)
        // NIO closes a channel whose preparation fails.
        guard admission != .turnedAway else { throw Refused.tooManyConnections }
        do {
            let refusal = try refusal(of: channel, admission)
            let interruption = Interruption()
            try HTTPConnectionHandler.install(in: channel, limits: limits, interruption: interruption)
            let connection = Connection(
                channel: try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    // Few and large: a WebSocket message may have a mebibyte.
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4))
                ),
                refusal: refusal, responder: responder, interruption: interruption, limits: limits, logger: logger
            )
            // No child of `run`: that returns in time, also when the host works on a request for longer.
            Task { [registry] in
                await connection.run()
                registry.leave(channel)
            }
        } catch {
            registry.leave(channel)
            throw error
        }
    }

    private nonisolated func refusal(
        of channel: any Channel, _ admission: ConnectionRegistry.Admission
    ) throws -> APIRefusal? {
        let peer = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            raw in
            // NIO's accepted sockets survive an exec, and this process starts others.
            _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
            return PeerCredentials(ofSocket: raw)
        }
        guard let peer = peer ?? nil else {
            logger.warning(
                "peer refused: the kernel does not tell who it is", metadata: .explained(by: .peerRefused))
            return .forbidden("connect: the kernel does not tell who connects; nobody unknown is served")
        }
        guard mayConnect(peer) else {
            logger.warning("peer refused: \(peer)", metadata: .explained(by: .peerRefused))
            return .forbidden("connect: only the user that corral-host runs as, and root, are served")
        }
        guard admission == .served else {
            return .tooManyConnections(
                "connect: \(limits.connections) connections are open, and more are not served; nothing was done"
            )
        }
        return nil
    }
}
