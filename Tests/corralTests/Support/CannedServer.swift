import FoundationEssentials
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server on a Unix socket that reads one request a connection and answers with bytes that a test chose.
final class CannedServer: Sendable {
    /// What it does when it has read a request.
    enum Answer: Sendable {
        /// Writes the bytes and closes.
        case reply([UInt8])
        /// Closes.
        case hangUp
        /// Does nothing, and keeps the connection.
        case silence
    }

    /// The socket.
    let path: String
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let received = NIOLockedValueBox<[String]>([])

    /// The requests so far, as they came.
    var requests: [String] { received.withLockedValue { $0 } }

    /// Listens. The answer is chosen by the request's text.
    init(_ answer: @escaping @Sendable (String) -> Answer) async throws {
        path = Self.freshPath()
        let received = received
        _ = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        CannedHandler { request in
                            received.withLockedValue { $0.append(request) }
                            return answer(request)
                        })
                }
            }
            .bind(unixDomainSocketPath: path).get()
    }

    /// Answers every request with a status, a type and a body.
    convenience init(status: String = "200 OK", type: String = "application/json", body: String) async throws {
        let reply = Self.reply(status: status, type: type, body: Array(body.utf8))
        try await self.init { _ in .reply(reply) }
    }

    /// Ends it. A test does so in a `defer`, which also keeps the server until then.
    func stop() {
        unlink(path)
        group.shutdownGracefully { _ in }
    }

    /// The bytes of an HTTP answer.
    static func reply(
        status: String = "200 OK", type: String = "application/json", headers: [String] = [], body: [UInt8]
    ) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status)", "Content-Type: \(type)", "Content-Length: \(body.count)"] + headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// A path that nobody uses.
    static func freshPath() -> String {
        "/tmp/corral-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).sock"
    }
}

/// Reads one request and carries out the answer.
private final class CannedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: (String) -> CannedServer.Answer
    private var bytes: [UInt8] = []
    private var isDone = false

    init(_ answer: @escaping (String) -> CannedServer.Answer) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
        guard !isDone, let request = complete() else { return }
        isDone = true
        let channel = context.channel
        switch answer(request) {
        case .reply(let reply):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: reply))).whenComplete { _ in
                channel.close(promise: nil)
            }
        case .hangUp: channel.close(promise: nil)
        case .silence: break
        }
    }

    /// The request, once its head and as much body as the head promises are there.
    private func complete() -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let length = text[..<end.lowerBound].split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix("content-length:") }?
            .split(separator: ":" as Character).last.flatMap { Int($0.filter(\.isNumber)) }
        return text[end.upperBound...].utf8.count >= length ?? 0 ? text : nil
    }
}
