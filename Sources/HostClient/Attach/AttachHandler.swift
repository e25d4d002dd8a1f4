import FoundationEssentials
import HostProtocol
import NIOCore
import NIOWebSocket

/// Turns the frames of an attachment's WebSocket into events, answers pings and the host's close, and stops reading while
/// the reader of the events is behind.
///
/// Lives on its channel's event loop.
final class AttachHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// Largest control message, in bytes, over all of its frames (I8).
    private static let messageLimit = 1 << 20
    /// The code of a connection that ended without one. See: RFC 6455 section 7.4.1
    private static let abnormalClosure = 1006

    private var source: AttachEvents.Producer.Source?
    private var context: ChannelHandlerContext?
    private var isWanted = true
    private var isReadPending = false
    private var message: [UInt8]?

    /// Makes the events. Called once, before the handler is added.
    func makeEvents(on eventLoop: any EventLoop) -> AttachEvents {
        let new = AttachEvents.Producer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 4, highWatermark: 16), finishOnDeinit: true,
            delegate: AttachDemand(self, on: eventLoop)
        )
        source = new.source
        return AttachEvents(new.sequence)
    }

    /// The reader has room again.
    func resumeReading() {
        isWanted = true
        guard isReadPending, let context else { return }
        isReadPending = false
        context.read()
    }

    /// The reader has let go of the events.
    func readerHasGone() {
        source = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(with: Self.abnormalClosure)
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        if isWanted {
            context.read()
        } else {
            isReadPending = true
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        var content = frame.unmaskedData
        switch frame.opcode {
        case .binary:
            yield(.bytes(Array(content.readableBytesView)))
        case .text:
            message = []
            take(content, isLast: frame.fin, context)
        case .continuation where message != nil:
            take(content, isLast: frame.fin, context)
        case .continuation:
            yield(.bytes(Array(content.readableBytesView)))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: content)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            let code = content.readInteger(as: UInt16.self).map(Int.init)
            // 1005: the close frame names no code. Before the close, which may come back here at once.
            end(with: code ?? 1005)
            let reply = Self.close(code: code, allocator: context.channel.allocator)
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(reply)).whenComplete { _ in channel.close(promise: nil) }
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(with: Self.abnormalClosure)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(with: Self.abnormalClosure)
        context.close(promise: nil)
    }

    /// A close frame of a client.
    static func close(code: Int?, allocator: ByteBufferAllocator) -> WebSocketFrame {
        var data = allocator.buffer(capacity: 2)
        if let code { data.writeInteger(UInt16(truncatingIfNeeded: code)) }
        return WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: data)
    }

    private func take(_ content: ByteBuffer, isLast: Bool, _ context: ChannelHandlerContext) {
        message? += content.readableBytesView
        guard let text = message else { return }
        if text.count > Self.messageLimit {
            end(with: Self.abnormalClosure)
            context.close(promise: nil)
        } else if isLast {
            message = nil
            do {
                yield(.message(try WireCoding.decode(AttachMessage.self, from: Data(text))))
            } catch {
                // A type that this client does not know: newer hosts may send more.
            }
        }
    }

    private func yield(_ event: AttachEvent) {
        switch source?.yield(event) {
        case .stopProducing: isWanted = false
        case .produceMore, .dropped, nil: break
        }
    }

    private func end(with code: Int) {
        yield(.closed(code))
        source?.finish()
        source = nil
    }
}
