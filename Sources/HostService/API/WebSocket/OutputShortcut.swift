import CgroupPty
import Glibc
import NIOCore

/// Gives an attached client's output to its socket on the thread that has it, while the event loop has nothing to send.
///
/// So what a program prints wakes no other thread on its way, and is copied once. It stands next to the socket and sees
/// everything that the event loop sends: as long as some of that waits, output goes the long way, behind it. What a socket takes
/// of a frame only in part is finished before anything else.
///
/// See: RFC 6455, section 5.2; sendmsg(2)
final class OutputShortcut: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What became of a frame.
    enum SendOutcome: Equatable {
        case sent
        /// So many bytes of it wait: ``finish(in:)`` sends them on the event loop.
        case begun(rest: Int)
        /// It must go the long way. Nothing of it was sent.
        case busy
    }

    private struct State: ~Copyable {
        /// A second descriptor of the client's socket, which is there until ``end()``.
        var socket: OwnedFileDescriptor?
        /// Writes of the event loop that the socket has not taken.
        var waiting = 0
        /// What is left of a frame that the socket took in part.
        var rest: ByteBuffer?
    }

    private let state = Locked(State())

    /// The one of a channel; nil when the client is gone already.
    static func of(_ channel: any Channel) async -> OutputShortcut? {
        do {
            return try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.handler(type: OutputShortcut.self)
            }.get()
        } catch {
            return nil
        }
    }

    /// Sends a binary frame if the socket takes it at once. From any thread.
    func send(_ bytes: ByteBuffer) -> SendOutcome {
        state.withLock { state in
            guard state.waiting == 0, state.rest == nil, let socket = state.socket.take() else { return .busy }
            let header = Self.header(ofBinary: bytes.readableBytes)
            let count = Self.send(header, bytes, to: socket)
            state.socket = consume socket
            guard count > 0 else { return .busy }
            if count == header.readableBytes + bytes.readableBytes { return .sent }
            var rest = header
            rest.writeImmutableBuffer(bytes)
            rest.moveReaderIndex(forwardBy: count)
            state.rest = rest
            return .begun(rest: rest.readableBytes)
        }
    }

    /// Sends what waits of a frame that was begun, unless that was done meanwhile. On the event loop.
    /// - Returns: when the socket has taken it.
    func finish(in channel: any Channel) -> EventLoopFuture<Void> {
        let taken = channel.eventLoop.makePromise(of: Void.self)
        do {
            let context = try channel.pipeline.syncOperations.context(handler: self)
            // Nothing, but what is left goes before it.
            write(context: context, data: NIOAny(ByteBuffer()), promise: taken)
            context.flush()
        } catch {
            // The client is gone.
            taken.fail(error)
        }
        return taken.futureResult
    }

    /// Sends nothing any more: a close frame is on its way, or the client is gone.
    func end() { state.withLock { $0.socket = nil } }

    // MARK: On the event loop

    func handlerAdded(context: ChannelHandlerContext) {
        let socket: CInt?
        do {
            socket = try context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                fcntl($0, F_DUPFD_CLOEXEC, 3)
            }
        } catch {
            // The client is gone. Without a socket everything goes the long way.
            socket = nil
        }
        guard let socket, socket >= 0 else { return }
        state.withLock { $0.socket = OwnedFileDescriptor(adopting: socket) }
    }

    /// The client sees the end of the connection only when this descriptor is closed, too.
    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // In one go: between the two another thread could begin a frame, and these bytes would get into the middle of it.
        let rest = state.withLock { state in
            let rest = state.rest.take()
            state.waiting += rest == nil ? 1 : 2
            return rest
        }
        if let rest { writeCounted(rest, context, nil) }
        writeCounted(unwrapOutboundIn(data), context, promise)
    }

    private func writeCounted(
        _ bytes: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        let taken = promise ?? context.eventLoop.makePromise()
        taken.futureResult.whenComplete { [self] _ in state.withLock { $0.waiting -= 1 } }
        context.write(wrapOutboundOut(bytes), promise: taken)
    }

    // MARK: The socket

    /// A server's frame: whole, binary, not masked.
    private static func header(ofBinary count: Int) -> ByteBuffer {
        var header = ByteBuffer(bytes: [0x82])
        switch count {
        case ...125: header.writeInteger(UInt8(count))
        case ...0xFFFF:
            header.writeInteger(UInt8(126))
            header.writeInteger(UInt16(count))
        default:
            header.writeInteger(UInt8(127))
            header.writeInteger(UInt64(count))
        }
        return header
    }

    /// - Returns: Bytes that the socket took; 0 also when it failed, which the event loop will meet.
    private static func send(_ header: ByteBuffer, _ bytes: ByteBuffer, to socket: borrowing OwnedFileDescriptor) -> Int
    {
        header.withUnsafeReadableBytes { header in
            bytes.withUnsafeReadableBytes { bytes in
                var parts = [header, bytes].map {
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
                }
                return parts.withUnsafeMutableBufferPointer { parts in
                    var message = msghdr()
                    message.msg_iov = parts.baseAddress
                    message.msg_iovlen = parts.count
                    return socket.withRawValue {
                        max(0, sendmsg($0, &message, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)))
                    }
                }
            }
        }
    }
}
