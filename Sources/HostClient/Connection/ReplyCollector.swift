import NIOCore
import NIOHTTP1

/// Gathers one HTTP answer and hands it over, once: as a whole, or as the reason why there is none.
///
/// Lives on its channel's event loop and leaves the channel closed.
final class ReplyCollector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// Largest body that is taken, in bytes. The host's largest is a list of 10,000 receipts, some 20 MB; without a limit
    /// a broken peer could take all memory (I8).
    private static let bodyLimit = 256 << 20

    private let request: String
    private let timeout: Duration
    private let deadline: NIODeadline
    private var completion: ((Result<HostReply, HostClientFailure>) -> Void)?
    private var timer: Scheduled<Void>?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    /// Prepares for the answer to `request`, which is given up at `deadline`, `timeout` after it began.
    init(
        request: String, timeout: Duration, deadline: NIODeadline,
        completion: @escaping (Result<HostReply, HostClientFailure>) -> Void
    ) {
        self.request = request
        self.timeout = timeout
        self.deadline = deadline
        self.completion = completion
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            finish(.failure(.timedOut(request: request, after: timeout)), closing: channel)
        }
        if !channel.isActive { finish(.failure(.disconnected(request: request)), closing: channel) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let part):
            body += part.readableBytesView
            if body.count > Self.bodyLimit {
                let why = "its body is longer than \(Self.bodyLimit) bytes"
                finish(.failure(.badResponse(request: request, why: why)), closing: context.channel)
            }
        case .end:
            guard let head else { return }
            var headers: [String: String] = [:]
            for (name, value) in head.headers { headers[name.lowercased()] = value }
            let reply = HostReply(status: Int(head.status.code), headers: headers, body: body)
            finish(.success(reply), closing: context.channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error, closing: context.channel)
    }

    /// Ends the wait with what the channel says went wrong.
    func fail(_ error: any Error, closing channel: any Channel) {
        let failure: HostClientFailure =
            if error is IOError || error is ChannelError || (error as? HTTPParserError) == .invalidEOFState {
                .disconnected(request: request)
            } else {
                .badResponse(request: request, why: "\(error)")
            }
        finish(.failure(failure), closing: channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(.disconnected(request: request)), closing: context.channel)
    }

    private func finish(_ result: Result<HostReply, HostClientFailure>, closing channel: any Channel) {
        guard let completion else { return }
        // Before the close, which may come back here at once.
        self.completion = nil
        timer?.cancel()
        channel.close(promise: nil)
        completion(result)
    }
}
