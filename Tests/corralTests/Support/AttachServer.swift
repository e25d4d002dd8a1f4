import Glibc
import HostProtocol
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Testing

/// A host that knows nothing but how to be attached to: sends frames that a test chose, and records what it is sent. Held output is
/// empty; any other request is answered with a list of sessions.
final class AttachServer: Sendable {
    /// What a client sent.
    enum Received: Equatable, Sendable {
        case text(String)
        case binary([UInt8])
        case pong([UInt8])
        case close(Int?)
    }

    /// The socket.
    let path: String
    /// What clients send, in order.
    let received: AsyncStream<Received>
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let connections = NIOLockedValueBox<[any Channel]>([])
    private let targets = NIOLockedValueBox<[String]>([])

    /// What clients asked for.
    var requests: [String] { targets.withLockedValue { $0 } }

    /// Listens, and sends `frames` to each client; the first argument counts the clients from 0.
    /// - Parameter socket: Listens at the path already, and is taken over.
    init(
        path: String = CannedServer.freshPath(), takingOver socket: CInt? = nil, sessions: [SessionDocument] = [],
        _ frames: @escaping @Sendable (Int) -> [WebSocketFrame]
    ) async throws {
        self.path = path
        let list = Array(try WireCoding.encode(sessions))
        let (stream, continuation) = AsyncStream<Received>.makeStream()
        received = stream
        let connections = connections
        let targets = targets
        let bootstrap = ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                let upgrader = NIOWebSocketServerUpgrader(
                    maxFrameSize: 1 << 20,
                    shouldUpgrade: { channel, head in
                        targets.withLockedValue { $0.append(head.uri) }
                        return channel.eventLoop.makeSucceededFuture([:])
                    },
                    upgradePipelineHandler: { channel, _ in
                        let number = connections.withLockedValue { all in
                            all.append(channel)
                            return all.count - 1
                        }
                        return channel.pipeline.removeHandler(name: ListAnswerer.name).flatMapThrowing {
                            try channel.pipeline.syncOperations.addHandler(AttachRecorder(continuation))
                            for frame in frames(number) { channel.writeAndFlush(frame, promise: nil) }
                        }
                    }
                )
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
                    )
                    try channel.pipeline.syncOperations.addHandler(ListAnswerer(list), name: ListAnswerer.name)
                }
            }
        if let socket {
            _ = try await bootstrap.withBoundSocket(socket).get()
        } else {
            _ = try await bootstrap.bind(unixDomainSocketPath: path).get()
        }
    }

    /// A socket that listens and that nobody accepts from: what systemd keeps of a host that is away.
    static func unattendedSocket(at path: String) throws -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        let isBound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(isBound == 0 && listen(descriptor, 16) == 0)
        return descriptor
    }

    /// Ends it. A test does so in a `defer`, which also keeps the server until then.
    func stop() {
        unlink(path)
        group.shutdownGracefully { _ in }
    }

    /// Ends it, and waits until its path is free: closing its socket removes what is there then.
    func end() async throws {
        try await group.shutdownGracefully()
        unlink(path)
    }

    /// Sends a frame to every client.
    func send(_ frame: WebSocketFrame) {
        for channel in connections.withLockedValue({ $0 }) { channel.writeAndFlush(frame, promise: nil) }
    }

    /// Cuts every connection off without a word.
    func cut() {
        for channel in connections.withLockedValue({ $0 }) { channel.close(promise: nil) }
    }

    /// A frame of bytes.
    static func bytes(_ text: String, isLast: Bool = true, opcode: WebSocketOpcode = .binary) -> WebSocketFrame {
        WebSocketFrame(fin: isLast, opcode: opcode, data: ByteBuffer(string: text))
    }

    /// A frame of text.
    static func text(_ text: String) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
    }

    /// A frame that closes.
    static func close(_ code: UInt16) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(integer: code))
    }
}

/// Answers a request for output with none, and any other that is no upgrade with a list.
private final class ListAnswerer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    static let name = "list"
    private let list: [UInt8]
    private var isOutputWanted = false

    init(_ list: [UInt8]) {
        self.list = list
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isOutputWanted = head.uri.contains("/output")
            return
        case .body: return
        case .end: break
        }
        let body = isOutputWanted ? [] : list
        var headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": "\(body.count)"]
        if isOutputWanted { headers.add(contentsOf: ["Corral-Epoch": "e1", "Corral-From": "0", "Corral-Next": "0"]) }
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// Records what comes, and answers a close.
private final class AttachRecorder: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let received: AsyncStream<AttachServer.Received>.Continuation

    init(_ received: AsyncStream<AttachServer.Received>.Continuation) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        var content = frame.unmaskedData
        switch frame.opcode {
        case .text: received.yield(.text(String(buffer: content)))
        case .binary: received.yield(.binary(Array(buffer: content)))
        case .pong: received.yield(.pong(Array(buffer: content)))
        case .connectionClose:
            received.yield(.close(content.readInteger(as: UInt16.self).map(Int.init)))
            let channel = context.channel
            let reply = WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(reply)).whenComplete { _ in channel.close(promise: nil) }
        default: break
        }
    }
}
