import NIOCore
import NIOHTTP1

/// Reads one answer that is a stream of events, and hands over each as soon as it is there; at the end it says how it ended, once.
///
/// Lives on its channel's event loop, on which it also hands over: while whoever takes an event is at work nothing more is read.
/// Leaves the channel closed.
final class EventStreamHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// What came instead of a stream is some hundred bytes.
    private static let refusalLimit = 1 << 20

    private let request: String
    /// How long nothing may come.
    private let silence: Duration
    private let take: (EventStreamItem) -> Void
    /// Told how it ended: with an answer that is no stream, or nil at the stream's end.
    private var completion: ((Result<HostReply?, HostClientFailure>) -> Void)?
    private var parser = EventStreamParser()
    private var refusal: HostReply?
    private var timer: Scheduled<Void>?

    /// Prepares for the answer to `request`.
    init(
        request: String, silence: Duration, take: @escaping (EventStreamItem) -> Void,
        completion: @escaping (Result<HostReply?, HostClientFailure>) -> Void
    ) {
        self.request = request
        self.silence = silence
        self.take = take
        self.completion = completion
    }

    func handlerAdded(context: ChannelHandlerContext) {
        wait(context)
        if !context.channel.isActive { finish(.failure(.disconnected(request: request)), context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        wait(context)
        switch unwrapInboundIn(data) {
        case .head(let head) where head.status != .ok:
            refusal = HostReply(
                status: Int(head.status.code),
                headers: Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { _, last in last }, body: []
            )
        case .head: break
        case .body(let bytes) where refusal != nil:
            let room = Self.refusalLimit - (refusal?.body.count ?? 0)
            refusal?.body += bytes.readableBytesView.prefix(room)
        case .body(let bytes): read(bytes, context)
        case .end: finish(.success(refusal), context)
        }
    }

    private func read(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        do throws(EventStreamParser.TooLong) {
            for item in try parser.read(bytes.readableBytesView) where completion != nil { take(item) }
            // A reader that was slow to take it is no silence of the host.
            if completion != nil { wait(context) }
        } catch {
            finish(.failure(.badResponse(request: request, why: "\(error)")), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // In the middle of the answer.
        case HTTPParserError.invalidEOFState: finish(.failure(.disconnected(request: request)), context)
        case is HTTPParserError: finish(.failure(.badResponse(request: request, why: "\(error)")), context)
        default: finish(.failure(.disconnected(request: request)), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(.disconnected(request: request)), context)
    }

    /// There is no connection to be added to.
    func failToBegin() {
        completion.take()?(.failure(.disconnected(request: request)))
    }

    private func wait(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(silence)) { [self] in
            finish(.failure(.timedOut(request: request, after: silence)), context)
        }
    }

    private func finish(_ result: Result<HostReply?, HostClientFailure>, _ context: ChannelHandlerContext) {
        guard let completion else { return }
        // Before the close, which may come back here at once.
        self.completion = nil
        timer?.cancel()
        context.close(promise: nil)
        completion(result)
    }
}
