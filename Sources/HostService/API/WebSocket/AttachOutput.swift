import CgroupPty
import HostProtocol
import Logging
import NIOCore

/// Carries an attachment's events to a client's WebSocket.
///
/// It takes from the attachment only what the socket can be given soon: what a slow client has not taken stays with the
/// attachment, which counts it and cuts the client when it is too much. Output that the socket takes at once goes into it on the
/// thread that has it. All else goes by the event loop, and while something is on that way everything after it goes there too.
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

    /// Who gives to the client.
    private struct Turn {
        /// Whether the event loop does, and no other thread may.
        var isLoops = true
        /// Calls that the event loop was asked for and has not begun. Before that it takes nothing else.
        var handed = 0
    }

    private let attachment: any Attachment
    private let channel: any Channel
    private let limits: APILimits
    private let logger: Logger
    private let state: NIOLoopBoundBox<State>
    private let shortcut: OutputShortcut
    /// Held while another thread than the event loop's gives to the client.
    private let turn = Locked(Turn())
    private let over: EventLoopPromise<Bool>

    /// Prepares; nothing is taken before ``run()``.
    init(
        _ attachment: any Attachment, channel: any Channel, shortcut: OutputShortcut, limits: APILimits, logger: Logger
    ) {
        self.attachment = attachment
        self.shortcut = shortcut
        self.channel = channel
        self.limits = limits
        self.logger = logger
        state = .makeBoxSendingValue(State(), eventLoop: channel.eventLoop)
        over = channel.eventLoop.makePromise()
    }

    /// Sends events until there are no more or the client is gone. The close frame is the last thing that goes out.
    /// - Returns: False when the client may still send: it is gone, and what it sent last is under way, or it was cut as too slow, and
    ///   does not know yet.
    func run() async -> Bool {
        channel.closeFuture.whenComplete { _ in self.end(isHeard: true) }
        channel.eventLoop.execute { self.take() }
        do { return try await over.futureResult.get() } catch { return false }
    }

    private func next() -> AttachmentEvent? {
        attachment.next(atMost: limits.outputFrame) { [self] in goOn() }
    }

    // MARK: On the thread that has something

    /// What the event loop is to begin with.
    private enum Handed: Sendable {
        case nothing
        case event(AttachmentEvent)
        /// So many bytes are left of a frame; the shortcut has them.
        case rest(Int)
    }

    /// There is something again. On any thread.
    private func goOn() {
        let handed = turn.withLock { turn -> Handed? in
            let handed = turn.isLoops ? .nothing : sendAtOnce()
            if handed != nil {
                turn.isLoops = true
                turn.handed += 1
            }
            return handed
        }
        if let handed { channel.eventLoop.execute { self.accept(handed) } }
    }

    /// - Returns: what is left for the event loop; nil when all was sent.
    private func sendAtOnce() -> Handed? {
        while let event = next() {
            guard case .bytes(let bytes) = event else { return .event(event) }
            switch shortcut.send(bytes) {
            case .sent: break
            case .begun(let rest): return .rest(rest)
            case .busy: return .event(event)
            }
        }
        return nil
    }

    // MARK: On the event loop

    private func accept(_ handed: Handed) {
        turn.withLock { $0.handed -= 1 }
        guard !state.value.isOver else { return }
        switch handed {
        case .nothing: break
        case .rest(let count): finishFrame(count)
        case .event(let event):
            send(event)
            channel.flush()
        }
        take()
    }

    /// Takes and sends while the socket keeps up.
    private func take() {
        // What was handed over comes first.
        let isFirst = turn.withLock { turn in
            turn.isLoops = true
            return turn.handed == 0
        }
        guard isFirst, !state.value.isOver, !state.value.isTaking else { return }
        state.value.isTaking = true
        var hasWritten = false
        while !state.value.isOver, state.value.inFlight < Self.inFlightLimit, let event = next() {
            send(event)
            hasWritten = true
        }
        state.value.isTaking = false
        if hasWritten { channel.flush() }
        if state.value.inFlight >= Self.inFlightLimit { watchProgress() }
        if state.value.inFlight == 0 {
            turn.withLock { turn in if turn.handed == 0 { turn.isLoops = false } }
        }
    }

    private func finishFrame(_ count: Int) {
        state.value.inFlight += count
        shortcut.finish(in: channel).whenComplete { [self] _ in hasTaken(count) }
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

    private func send(_ event: AttachmentEvent) {
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
        case .cut: close(.tryAgainLater, isHeard: true)
        case .over: close(state.value.hasEnded ? .normal : .goingAway)
        }
    }

    private func write(_ message: WebSocketMessage, count: Int) {
        state.value.inFlight += count
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { [self] result in
            // The handler has said goodbye; what the client sends until it answers is taken.
            if case .failure = result { end(isHeard: true) }
            hasTaken(count)
        }
        channel.write(ConnectionOutput.message(message), promise: written)
    }

    private func hasTaken(_ count: Int) {
        state.value.inFlight -= count
        state.value.taken += count
        take()
    }

    private func close(_ code: WebSocketCloseCode, isHeard: Bool = false) {
        channel.write(ConnectionOutput.close(code), promise: nil)
        end(isHeard: isHeard)
    }

    /// On the event loop.
    private func end(isHeard: Bool) {
        guard !state.value.isOver else { return }
        state.value.isOver = true
        over.succeed(!isHeard)
    }
}
