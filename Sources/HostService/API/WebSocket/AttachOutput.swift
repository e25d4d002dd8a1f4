import HostProtocol
import Logging
import NIOCore

/// Carries an attachment's events to a client's WebSocket, on its event loop.
///
/// It takes from the attachment only what the socket can be given soon: what a slow client has not taken stays with the
/// attachment, which counts it and cuts the client when it is too much.
final class AttachOutput: Sendable {
    /// Bytes that wait for the socket at most: enough for the kernel to be kept busy while the next piece is made.
    private static let inFlightLimit = 256 << 10

    private struct State {
        var inFlight = 0
        var isTaking = false
        /// Counts what the socket has taken, to see whether it takes anything.
        var taken = 0
        var isWatched = false
        var hasEnded = false
        var isOver = false
    }

    private let attachment: any Attachment
    private let channel: any Channel
    private let limits: APILimits
    private let logger: Logger
    private let state: NIOLoopBoundBox<State>
    private let over: EventLoopPromise<Bool>

    /// Prepares; nothing is taken before ``run()``.
    init(_ attachment: any Attachment, channel: any Channel, limits: APILimits, logger: Logger) {
        self.attachment = attachment
        self.channel = channel
        self.limits = limits
        self.logger = logger
        state = .makeBoxSendingValue(State(), eventLoop: channel.eventLoop)
        over = channel.eventLoop.makePromise()
    }

    /// Sends events until there are no more or the client is gone. The close frame is the last thing that goes out.
    /// - Returns: False when the client is gone.
    func run() async -> Bool {
        channel.closeFuture.whenComplete { _ in self.end(isGone: true) }
        channel.eventLoop.execute { self.take() }
        do { return try await over.futureResult.get() } catch { return false }
    }

    /// Takes and sends while the socket keeps up. On the event loop.
    private func take() {
        guard !state.value.isOver, !state.value.isTaking else { return }
        state.value.isTaking = true
        var hasWritten = false
        while !state.value.isOver, state.value.inFlight < Self.inFlightLimit {
            let event = attachment.next(atMost: limits.outputFrame) { [self] in
                channel.eventLoop.execute { self.take() }
            }
            guard let event else { break }
            hasWritten = send(event) || hasWritten
        }
        state.value.isTaking = false
        if hasWritten { channel.flush() }
        if state.value.inFlight >= Self.inFlightLimit { watchProgress() }
    }

    /// A client that takes nothing of what is left of a session for too long does not keep that for ever. On the event loop.
    private func watchProgress() {
        guard !state.value.isWatched, !state.value.isOver else { return }
        state.value.isWatched = true
        let taken = state.value.taken
        channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.clientWait)) { [self] in
            state.value.isWatched = false
            guard state.value.inFlight >= Self.inFlightLimit else { return }
            if attachment.isEnding, state.value.taken == taken { channel.close(promise: nil) } else { watchProgress() }
        }
    }

    /// - Returns: whether something was written.
    private func send(_ event: AttachmentEvent) -> Bool {
        switch event {
        case .message(let message):
            state.value.hasEnded = state.value.hasEnded || message.type == .ended
            do {
                let text = try WireCoding.text(of: message)
                write(.text(text), count: text.utf8.count)
            } catch {
                logger.error("attach message cannot be written", metadata: ["failure": "\(error)"])
                close(.internalError)
            }
        case .bytes(let bytes): write(.binary(bytes), count: bytes.readableBytes)
        case .cut: close(.tryAgainLater)
        case .over: close(state.value.hasEnded ? .normal : .goingAway)
        }
        return true
    }

    private func write(_ message: WebSocketMessage, count: Int) {
        state.value.inFlight += count
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { [self] _ in
            state.value.inFlight -= count
            state.value.taken += count
            take()
        }
        channel.write(ConnectionOutput.message(message), promise: written)
    }

    private func close(_ code: WebSocketCloseCode) {
        channel.write(ConnectionOutput.close(code), promise: nil)
        end(isGone: false)
    }

    /// On the event loop.
    private func end(isGone: Bool) {
        guard !state.value.isOver else { return }
        state.value.isOver = true
        over.succeed(!isGone)
    }
}
