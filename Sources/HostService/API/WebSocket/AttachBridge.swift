import Logging
import NIOCore

/// Joins an attached client's WebSocket to the host's attachment, and ends the attachment however the WebSocket ends.
///
/// Towards the client nobody waits: what it does not take stays with the attachment, which cuts a client that is too many bytes
/// behind. Towards the terminal everything waits: while a terminal does not take input, no more is read from the client.
struct AttachBridge: Sendable {
    let attachment: any Attachment
    let channel: any Channel
    let limits: APILimits
    let logger: Logger

    /// Serves the client until the WebSocket is closed.
    /// - Postcondition: The attachment is detached.
    func run(_ input: inout NIOAsyncChannelInboundStream<ConnectionInput>.AsyncIterator) async {
        let detachment = Detachment(attachment)
        // None for a client that is gone already: one that typed a line and left, before anybody came to serve it.
        let taken = await InputShortcut.connect(attachment, in: channel)
        let shortcut = await OutputShortcut.of(channel)
        await withTaskGroup(of: Void.self) { group in
            if let shortcut {
                group.addTask {
                    let output = AttachOutput(
                        attachment, channel: channel, shortcut: shortcut, limits: limits, logger: logger
                    )
                    // What one has sent last that is gone, or too slow, is still written.
                    if await output.run() { await detachment.detach() }
                }
            }
            group.addTask {
                await waitUntilGone()
                await detachment.detach()
            }
            await AttachInput(
                attachment, detachment, channel: channel, limits: limits, logger: logger, onTaken: taken ?? {}
            ).receive(&input)
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
}
