import FoundationEssentials
import HostProtocol
import Logging
import NIOCore

/// What an attached client sends: bytes for the terminal, and control.
///
/// One message after the other, so that no more is read from a client than its terminal takes. A terminal may take
/// nothing for ever; a client that is gone is not waited with it.
struct AttachInput: Sendable {
    private let attachment: any Attachment
    private let detachment: Detachment
    private let channel: any Channel
    private let limits: APILimits
    private let logger: Logger
    private let onTaken: @Sendable () -> Void

    /// Makes the input of an attachment.
    /// - Parameter onTaken: Called after each message.
    init(
        _ attachment: any Attachment, _ detachment: Detachment, channel: any Channel, limits: APILimits, logger: Logger,
        onTaken: @escaping @Sendable () -> Void
    ) {
        self.onTaken = onTaken
        self.attachment = attachment
        self.detachment = detachment
        self.channel = channel
        self.limits = limits
        self.logger = logger
    }

    /// Carries out what the client sends until it sends no more.
    func receive(_ input: inout NIOAsyncChannelInboundStream<ConnectionInput>.AsyncIterator) async {
        // Input of a session that is over is dropped; the client learns of the end by `ended`, in its order.
        var isTaken = true
        do {
            while let arrival = try await input.next() {
                switch arrival {
                case .message(.binary(let bytes)) where isTaken:
                    isTaken = await send(bytes)
                    onTaken()
                case .message(.text(let text)) where isTaken:
                    await control(text)
                    onTaken()
                case .message: break
                case .closing: return
                case .head, .body, .end, .malformed:
                    // Requests that came before the upgrade are not answered after it.
                    break
                }
            }
        } catch {
            logger.debug("attached client lost", metadata: ["failure": "\(error)"])
        }
        channel.close(promise: nil)
    }

    // MARK: Bytes

    /// Waits until the terminal has taken the bytes, or the attachment is ended.
    /// - Returns: Whether the terminal takes more.
    private func send(_ bytes: ByteBuffer) async -> Bool {
        let (outcomes, outcome) = AsyncStream.makeStream(of: Bool.self)
        detachment.whenDone { outcome.finish() }
        // No child: it ends with the terminal's patience and not with the client's.
        Task {
            outcome.yield(await write(bytes))
            outcome.finish()
        }
        for await isTaken in outcomes { return isTaken }
        return false
    }

    private func write(_ bytes: ByteBuffer) async -> Bool {
        var rest = bytes
        while rest.readableBytes > 0, !detachment.isDone {
            // In parts: a whole message may be more than the host lets wait for a terminal at a time.
            let count = min(rest.readableBytes, limits.inputPart)
            let part = Array(rest.readableBytesView.prefix(count))
            do {
                try await attachment.send(part)
                rest.moveReaderIndex(forwardBy: count)
            } catch HostFailure.inputFull {
                // Others have filled the terminal. This client waits its turn.
                guard await pause() else { return false }
            } catch HostFailure.sessionEnded, HostFailure.terminalLost {
                return false
            } catch {
                logger.error("input of an attached client failed", metadata: ["failure": "\(error)"])
                channel.writeAndFlush(ConnectionOutput.close(.internalError), promise: nil)
                return false
            }
        }
        return rest.readableBytes == 0
    }

    private func pause() async -> Bool {
        do {
            try await Task.sleep(for: limits.inputRetry)
            return true
        } catch {
            return false
        }
    }

    // MARK: Control

    /// Carries out a control message. A type that is not known, or that only the host sends, is ignored, and so is a
    /// size that no terminal has: a window that is being closed may well report 0×0.
    private func control(_ text: String) async {
        struct Kind: Decodable {
            var type: String
        }
        let data = Data(text.utf8)
        do {
            let kind = AttachMessage.Kind(rawValue: try WireCoding.decode(Kind.self, from: data).type)
            if kind == .repaint { return attachment.repaint() }
            guard kind == .resize else { return }
            let message = try WireCoding.decode(AttachMessage.self, from: data)
            guard let columns = message.columns, let rows = message.rows else { return }
            let size = TerminalSize(columns: columns, rows: rows)
            try RequestValidation.check(size)
            try await attachment.resize(to: size)
        } catch is DecodingError {
            channel.writeAndFlush(ConnectionOutput.close(.inconsistentData), promise: nil)
        } catch {
            logger.debug("resize of an attached client failed", metadata: ["failure": "\(error)"])
        }
    }
}
