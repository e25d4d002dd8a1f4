import NIOCore
import NIOWebSocket

/// The WebSocket life of a connection, on its event loop: between NIO's frame codec and the connection's task.
///
/// It gives the task whole messages, answers pings, and closes with the code that the client's mistake asks for.
/// However it begins, a close ends: after the grace the connection is closed without the client's consent.
///
/// - SeeAlso: RFC 6455
final class WebSocketHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ConnectionInput
    typealias OutboundIn = ConnectionOutput
    typealias OutboundOut = WebSocketFrame

    private let limits: APILimits
    private let output: OutputShortcut
    /// Whose client it is, once that is known.
    var attachment: (any Attachment)?
    private var machine: StateMachine
    private var deadline: Scheduled<Void>?
    /// The latest ping, while the client does not read. Only the latest has to be answered, so that pings cannot pile
    /// up.
    private var unansweredPing: ByteBuffer?

    private init(limits: APILimits, output: OutputShortcut) {
        self.limits = limits
        self.output = output
        machine = StateMachine(messageLimit: limits.webSocketMessage)
    }

    /// Puts a WebSocket's handlers behind another handler.
    /// - Precondition: On the channel's event loop.
    static func install(
        in pipeline: ChannelPipeline.SynchronousOperations, after other: some ChannelHandler, limits: APILimits
    ) throws {
        let output = OutputShortcut()
        let handlers: [any ChannelHandler] = [
            output,
            WebSocketFrameEncoder(),
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limits.webSocketMessage)),
            WebSocketHandler(limits: limits, output: output),
            InputShortcut(),
        ]
        try pipeline.addHandlers(handlers, position: .after(other))
    }

    // MARK: From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch machine.received(unwrapInboundIn(data)) {
        case .none: break
        case .deliver(let message):
            context.fireChannelRead(wrapInboundOut(.message(message)))
        case .pong(let payload):
            unansweredPing = payload
            answerPing(context)
        case .answerClose(let payload):
            context.fireChannelRead(wrapInboundOut(.closing))
            writeClose(payload, context, patience: limits.closeGrace, thenDisconnect: true)
        case .fail(let code):
            fail(code, context)
        case .disconnect:
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        answerPing(context)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength:
            if machine.closeSent() { fail(.messageTooLarge, context) }
        case is NIOWebSocketError:
            if machine.closeSent() { fail(.protocolError, context) }
        case is ByteToMessageDecoderError:
            // What comes after a broken frame; the close is under way.
            break
        default:
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // Half a WebSocket is none.
            context.close(promise: nil)
        case is ConnectionShouldEnd:
            // What a session has left goes on to its client, and the end, which closes the socket.
            if attachment?.isEnding == true { break }
            guard machine.closeSent(isHeard: attachment != nil) else { break }
            if attachment == nil {
                fail(.goingAway, context)
            } else {
                // What it has sent by the time it answers is taken.
                writeClose(
                    StateMachine.payload(.goingAway), context, patience: limits.closeGrace, thenDisconnect: false)
            }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        machine.disconnected()
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    // MARK: To the client

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .message(let message):
            guard machine.phase == .open else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            let frame =
                switch message {
                case .text(let text): WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
                case .binary(let bytes): WebSocketFrame(fin: true, opcode: .binary, data: bytes)
                }
            context.write(wrapOutboundOut(frame), promise: promise)
        case .close(let code):
            // One that is too slow is heard until it knows.
            if machine.closeSent(isHeard: code == .tryAgainLater) {
                // A client may have a session's last mebibytes before it, and reads as fast as its link lets it.
                let patience =
                    switch code {
                    case .normal: limits.clientWait
                    case .tryAgainLater: limits.cutGrace
                    default: limits.closeGrace
                    }
                let grace = code == .tryAgainLater ? limits.cutGrace : limits.closeGrace
                writeClose(StateMachine.payload(code), context, patience: patience, grace: grace, thenDisconnect: false)
            }
            promise?.succeed()
        case .goOn, .response, .begin, .piece, .end, .upgrade:
            // HTTP is over.
            promise?.fail(ChannelError.operationUnsupported)
        }
    }

    /// Tells the task that it is over, and the client why.
    private func fail(_ code: WebSocketCloseCode, _ context: ChannelHandlerContext) {
        context.fireChannelRead(wrapInboundOut(.closing))
        context.fireChannelReadComplete()
        writeClose(StateMachine.payload(code), context, patience: limits.closeGrace, thenDisconnect: false)
    }

    /// - Parameters:
    ///   - patience: How long the client may take to read what goes before the close frame.
    ///   - grace: How long it may then take to answer; as long as closes take when absent.
    private func writeClose(
        _ payload: ByteBuffer, _ context: ChannelHandlerContext, patience: Duration, grace: Duration? = nil,
        thenDisconnect: Bool
    ) {
        disconnect(after: patience, context)
        output.end()
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: payload)
        context.writeAndFlush(wrapOutboundOut(frame)).assumeIsolated().whenComplete { result in
            switch result {
            case .success where !thenDisconnect:
                self.disconnect(after: grace ?? self.limits.closeGrace, context)
            case .success, .failure: context.close(promise: nil)
            }
        }
    }

    private func disconnect(after patience: Duration, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(patience)) {
            context.close(promise: nil)
        }
    }

    private func answerPing(_ context: ChannelHandlerContext) {
        guard machine.phase == .open, context.channel.isWritable, let payload = unansweredPing else { return }
        unansweredPing = nil
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: payload)), promise: nil
        )
    }
}
