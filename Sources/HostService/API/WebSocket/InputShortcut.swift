import NIOCore

/// Gives an attached client's bytes to the terminal on the event loop that read them, while the terminal takes them at once.
///
/// So a keystroke wakes no other thread on its way. What a terminal does not take goes the long way, through the connection's
/// task, which waits and so slows the client down; and as long as something is on that way, everything after it goes there too.
final class InputShortcut: ChannelInboundHandler {
    typealias InboundIn = ConnectionInput
    typealias InboundOut = ConnectionInput

    private var attachment: (any Attachment)?
    /// Messages on the long way. It counts from the first one on, also while there is no attachment yet.
    private var outstanding = 0

    /// Begins to give bytes to an attachment.
    /// - Returns: what must be called after each message that went the long way; nil when the client is gone already.
    static func connect(_ attachment: any Attachment, in channel: any Channel) async -> (@Sendable () -> Void)? {
        let eventLoop = channel.eventLoop
        do {
            return try await eventLoop.submit {
                let shortcut = try channel.pipeline.syncOperations.handler(type: InputShortcut.self)
                shortcut.attachment = attachment
                try channel.pipeline.syncOperations.handler(type: WebSocketHandler.self).attachment = attachment
                let bound = NIOLoopBound(shortcut, eventLoop: eventLoop)
                return { @Sendable in eventLoop.execute { bound.value.outstanding -= 1 } }
            }.get()
        } catch {
            return nil
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .message(let message) = unwrapInboundIn(data) {
            if case .binary(let bytes) = message, outstanding == 0,
                attachment?.sendAtOnce(Array(bytes.readableBytesView)) == true
            {
                return
            }
            // Also a change of size: what is typed after it is for a program that knows of it.
            outstanding += 1
        }
        context.fireChannelRead(data)
    }
}
