import NIOCore
import NIOHTTP1

/// The HTTP life of a connection, on its event loop: between NIO's parser and the connection's task.
///
/// It bounds what NIO leaves unbounded. A client has a limited time to send a whole request and to read its answer. A
/// client that asked for an upgrade stops NIO's parser for good (what it sends then is WebSocket's), so whatever is
/// not upgraded after that is answered with `connection: close`. After a last answer the sending half is closed, what
/// the client still sends is thrown away, and the connection closes when the client does or when the linger is over:
/// closing at once would reset the connection under a client that is still writing.
///
/// NIO's own upgrade handler is not used. It looks at a connection's first request only, asks whether to upgrade
/// before a route has run, keeps without limit what arrives meanwhile, and drops the reason of a refusal.
final class HTTPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = ConnectionInput
    typealias OutboundIn = ConnectionOutput
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: APILimits
    private let interruption: Interruption
    private let encoder: HTTPResponseEncoder
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private var machine = StateMachine()
    private var deadline: Scheduled<Void>?

    init(limits: APILimits, interruption: Interruption) {
        self.limits = limits
        self.interruption = interruption
        encoder = HTTPResponseEncoder()
        var bounds = NIOHTTPDecoderLimitConfiguration()
        bounds.maxHeaderFieldSize = limits.requestHeader
        bounds.maxHeaderListSize = limits.requestHeader
        bounds.maxHeaderFieldCount = limits.requestHeaderFields
        // The parser keeps a part of a header until the rest has come, and everything after an upgrade request.
        decoder = ByteToMessageHandler(
            HTTPRequestDecoder(
                leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .drop, limitConfiguration: bounds
            ),
            maximumBufferSize: 2 * limits.requestHeader
        )
    }

    /// Puts the handlers of a new connection into its pipeline.
    /// - Parameter interruption: told when the client has gone or the service stops.
    /// - Precondition: On the channel's event loop, before it is active.
    static func install(in channel: any Channel, limits: APILimits, interruption: Interruption) throws {
        let handler = HTTPConnectionHandler(limits: limits, interruption: interruption)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([handler.encoder, handler.decoder, handler] as [any ChannelHandler])
    }

    // MARK: From the client

    func channelActive(context: ChannelHandlerContext) {
        waitAsNeeded(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        interruption.interrupt()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if machine.partReceived(isEnd: false) { context.fireChannelRead(wrapInboundOut(.head(head))) }
        case .body(let bytes):
            if machine.partReceived(isEnd: false) { context.fireChannelRead(wrapInboundOut(.body(bytes))) }
        case .end:
            if machine.partReceived(isEnd: true) {
                waitAsNeeded(context)
                context.fireChannelRead(wrapInboundOut(.end))
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What comes after bytes that were not HTTP.
        if case ByteToMessageDecoderError.dataReceivedInErrorState = error { return }
        guard let refusal = Self.refusal(of: error) else {
            // The socket failed: nobody is there to be told.
            context.close(promise: nil)
            return
        }
        if machine.malformedReceived() {
            waitAsNeeded(context)
            context.fireChannelRead(wrapInboundOut(.malformed(refusal)))
            context.fireChannelReadComplete()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where machine.inputClosed():
            context.close(promise: nil)
        case is ConnectionShouldEnd:
            interruption.interrupt()
            if machine.shouldEnd() { context.close(promise: nil) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    // MARK: To the client

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .goOn:
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .response(let response, let keepsAlive):
            write(response, keepsAlive: keepsAlive, context, promise)
        case .begin(let head):
            write(part: .head(head), context, promise)
        case .piece(let bytes):
            write(part: .body(.byteBuffer(bytes)), context, promise)
        case .end(let keepsAlive):
            let answer = machine.answerWritten(keepsAlive: keepsAlive)
            guard answer != .refuse else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            send(.end(nil), isLast: answer == .writeLast, context, promise)
        case .upgrade(let headers):
            upgrade(headers, context, promise)
        case .message, .close:
            // Not a WebSocket yet.
            promise?.fail(ChannelError.operationUnsupported)
        }
    }

    private func write(
        _ response: APIResponse, keepsAlive: Bool, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        let answer = machine.answerWritten(keepsAlive: keepsAlive)
        guard answer != .refuse else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        if answer == .writeLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
        if response.isHeadOnly, !response.headers.contains(name: "content-length") {
            // Its end would go out as a chunk, which a client that asked for the head takes for the next answer.
            return send(.head(head), isLast: answer == .writeLast, context, promise)
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if response.body.readableBytes > 0, !response.isHeadOnly {
            context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        }
        send(.end(nil), isLast: answer == .writeLast, context, promise)
    }

    /// Writes a part of an answer that is made while it is sent.
    private func write(
        part: HTTPServerResponsePart, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        guard machine.partWritten() else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        send(part, isLast: false, context, promise)
    }

    /// Writes what the client has a limited time to read.
    private func send(
        _ part: HTTPServerResponsePart, isLast: Bool, _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>?
    ) {
        let flushed = promise ?? context.eventLoop.makePromise()
        flushed.futureResult.assumeIsolated().whenComplete { result in
            self.answerFlushed(result, isLast: isLast, context)
        }
        // Before the write, which may be over when it returns: `answerFlushed` then waits for something else.
        if isLast {
            waitAtMost(limits.clientWait, context)
        } else {
            waitAsNeeded(context)
        }
        context.write(wrapOutboundOut(part), promise: flushed)
    }

    private func answerFlushed(_ result: Result<Void, any Error>, isLast: Bool, _ context: ChannelHandlerContext) {
        let isOver = machine.answerFlushed()
        switch result {
        case .failure: context.close(promise: nil)
        case .success where isOver: context.close(promise: nil)
        case .success where isLast:
            context.close(mode: .output, promise: nil)
            waitAtMost(limits.linger, context)
        case .success: waitAsNeeded(context)
        }
    }

    /// Writes 101 and turns the pipeline into a WebSocket's, all in one go, so that no byte meets the wrong parser.
    ///
    /// What the client sent behind its request is in the HTTP parser, which forwards it to the WebSocket's when it
    /// leaves.
    private func upgrade(
        _ headers: HTTPHeaders, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        guard machine.upgrade() else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.flush()
        let pipeline = context.pipeline.syncOperations
        do {
            try WebSocketHandler.install(in: pipeline, after: decoder, limits: limits)
        } catch {
            context.close(promise: nil)
            return
        }
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(self, promise: nil)
        // The async end hands over what it was given when a read is complete, and the parser's leftovers come after
        // that.
        pipeline.removeHandler(decoder).assumeIsolated().whenSuccess { pipeline.fireChannelReadComplete() }
    }

    // MARK: Deadlines

    private func waitAsNeeded(_ context: ChannelHandlerContext) {
        guard machine.phase != .draining else { return }
        if machine.isWaitingForClient {
            waitAtMost(limits.clientWait, context)
        } else {
            deadline?.cancel()
            deadline = nil
        }
    }

    private func waitAtMost(_ duration: Duration, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) {
            context.close(promise: nil)
        }
    }

    private static func refusal(of error: any Error) -> APIRefusal? {
        switch error {
        case HTTPParserError.headerOverflow:
            .headersTooLarge("read a request: its line and header are beyond the limit; nothing was done")
        case let error as HTTPParserError:
            .malformed("read a request: \(error.debugDescription); nothing was done")
        case is ByteToMessageDecoderError.PayloadTooLargeError:
            .headersTooLarge("read a request: too much came before its header was complete; nothing was done")
        default:
            nil
        }
    }
}
