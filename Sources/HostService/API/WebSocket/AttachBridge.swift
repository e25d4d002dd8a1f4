import HostProtocol
import Logging
import NIOCore

/// Joins an attached client's WebSocket to the host's attachment, and ends the attachment however the WebSocket ends.
///
/// Towards the client nothing waits: events are taken as they come and counted until the kernel has taken their
/// bytes, and a client that is too many bytes behind is cut. So a slow client is never waited for, and is not
/// forgotten with a full buffer either. Towards the terminal everything waits: while a terminal does not take input,
/// no more is read from the client.
struct AttachBridge: Sendable {
    let attachment: any Attachment
    let channel: any Channel
    let limits: APILimits
    let logger: Logger

    /// Serves the client until the WebSocket is closed.
    /// - Postcondition: The attachment is detached.
    func run(_ input: inout NIOAsyncChannelInboundStream<ConnectionInput>.AsyncIterator) async {
        let detachment = Detachment(attachment)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let code = await sendEvents()
                await detachment.detach()
                channel.writeAndFlush(ConnectionOutput.close(code), promise: nil)
            }
            group.addTask {
                await waitUntilGone()
                await detachment.detach()
            }
            await AttachInput(attachment, detachment, channel: channel, limits: limits, logger: logger).receive(&input)
            await detachment.detach()
            group.cancelAll()
        }
    }

    /// Waits until the client is gone, and then for what it sent last to be written; a terminal that takes nothing
    /// ends that wait, and who waits for it on behalf of the client is woken by the detach.
    private func waitUntilGone() async {
        do {
            try await channel.closeFuture.get()
            try await Task.sleep(for: limits.closeGrace)
        } catch {
            // Cancelled: all of the input was written.
        }
    }

    // MARK: To the client

    /// Sends events until there are no more.
    /// - Returns: What to close with.
    private func sendEvents() async -> WebSocketCloseCode {
        let unsent = UnsentBytes(limit: limits.unsentBytes)
        var hasEnded = false
        for await event in attachment.events {
            switch event {
            case .message(let message):
                hasEnded = hasEnded || message.type == .ended
                let text: String
                do {
                    text = try WireCoding.text(of: message)
                } catch {
                    logger.error("attach message cannot be written", metadata: ["failure": "\(error)"])
                    return .internalError
                }
                guard send(.text(text), count: text.utf8.count, unsent, isOutput: false) else { return .tryAgainLater }
            case .bytes(let bytes):
                var rest = ByteBuffer(bytes: bytes)
                while let part = rest.readSlice(length: min(rest.readableBytes, limits.outputFrame)),
                    part.readableBytes > 0
                {
                    guard send(.binary(part), count: part.readableBytes, unsent, isOutput: true) else {
                        return .tryAgainLater
                    }
                }
            case .cut:
                return .tryAgainLater
            }
        }
        return hasEnded ? .normal : .goingAway
    }

    /// Hands a message to the socket without waiting for it.
    /// - Returns: False when the client is too far behind.
    private func send(_ message: WebSocketMessage, count: Int, _ unsent: UnsentBytes, isOutput: Bool) -> Bool {
        guard unsent.add(count) else { return false }
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { result in
            unsent.remove(count)
            if isOutput, case .success = result { attachment.acknowledge(byteCount: count) }
        }
        channel.writeAndFlush(ConnectionOutput.message(message), promise: written)
        return true
    }
}
