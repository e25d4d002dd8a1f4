import NIOCore

/// Gives an attached client's bytes to the terminal on the event loop that read them, while the terminal takes them at once.
///
/// So a keystroke wakes no other thread on its way. What a terminal does not take goes the long way, through the connection's
/// task, which waits and so slows the client down; and as long as something is on that way, everything after it goes there too.
final class InputShortcut: ChannelInboundHandler {
    typealias InboundIn = ConnectionInput
    typealias InboundOut = ConnectionInput

    private let attachment: any Attachment
    /// Messages on the long way.
    private var outstanding = 0

    private init(_ attachment: any Attachment) {
        self.attachment = attachment
    }

    /// Puts a shortcut before the connection's task.
    /// - Returns: what must be called after each message of bytes that went the long way.
    static func install(for attachment: any Attachment, in channel: any Channel) async throws -> @Sendable () -> Void {
        let eventLoop = channel.eventLoop
        return try await eventLoop.submit {
            let shortcut = InputShortcut(attachment)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(shortcut, position: .after(try pipeline.handler(type: WebSocketHandler.self)))
            let bound = NIOLoopBound(shortcut, eventLoop: eventLoop)
            return { @Sendable in eventLoop.execute { bound.value.outstanding -= 1 } }
        }.get()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .message(.binary(let bytes)) = unwrapInboundIn(data) {
            if outstanding == 0, attachment.sendAtOnce(Array(bytes.readableBytesView)) { return }
            outstanding += 1
        }
        context.fireChannelRead(data)
    }
}
