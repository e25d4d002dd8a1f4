import Glibc
import HostClient
import HostProtocol

/// An attachment's bytes, both ways, on one thread: it polls the user's terminal, the connection, and what signals have to say.
///
/// Of a pipe nothing is read ahead: while the host takes no more, it waits in the kernel. At a terminal a mebibyte is, since the keys that
/// detach may be in it. A connection that breaks is made
/// again, from the byte after the last one that arrived, for as long as a host's restart may take; its answer, which a host that is
/// away under systemd gives when it is back, is waited for like everything else. When that takes long enough to be noticed, the
/// bottom line says so; the screen is drawn anew afterwards, since a line of it was written over. So it is when the process was
/// stopped and goes on: the terminal was somebody else's.
final class AttachLoop {
    /// How long a host may be away. A restart takes milliseconds, an upgrade of the package some seconds.
    private static let patience: Duration = .seconds(10)
    /// From here on a person notices that nothing moves.
    private static let noticeable: Duration = .milliseconds(400)
    /// Bytes of a pipe that are kept while there is no connection, and of a frame at most.
    private static let pendingLimit = 64 << 10
    /// Bytes typed at a terminal that wait for a host which is away or takes no more: before these the detach keys are still found.
    private static let aheadLimit = 1 << 20
    /// Bytes of output that are read before the keys are looked at again: fewer where the terminal is slow to take them.
    private static let outputSteps = (smallest: 4 << 10, largest: 256 << 10)
    /// A terminal that takes longer for a step is slow.
    private static let slowStep: Duration = .milliseconds(20)

    /// Bytes that wait in the socket at a slow terminal while its user interrupts a program, without being passed over.
    private static let unseenLimit = 16 << 10
    /// How long the picture that was asked for may take.
    private static let pictureLimit: Duration = .seconds(10)
    /// Ctrl-C, in the plain form and in that of kitty's protocol.
    private static let interrupts: [[UInt8]] = [[0x03], Array("\u{1b}[99;5u".utf8)]

    /// Bytes of a key at most; more was pasted, or comes from a program.
    private static let keyLength = 16

    private let host: HostAddress
    private let session: String
    private let isReadOnly: Bool
    /// Whether a person types.
    private let isTerminal: Bool
    /// Whether a person looks: a picture and a notice are for a screen, and not for a file.
    private let isScreen: Bool
    private let pipe: WakePipe
    private var socket: AttachSocket?
    /// What is to become the next connection.
    private var handshake: AttachHandshake?
    private var matcher: DetachKeyMatcher
    private var isListening: Bool
    private var position = AttachPosition()
    private var modes = TerminalModes()
    private var pending: [UInt8] = []
    private var outputStep = outputSteps.largest
    /// Since when there is no connection.
    private var brokenSince: ContinuousClock.Instant?
    /// Before it no other connection is tried, whatever is typed meanwhile.
    private var nextTry: ContinuousClock.Instant?
    private var isNoticeShown = false
    /// The last connection was ended since this client was too slow.
    private var isBehind = false
    /// Nothing that is typed would arrive.
    private var isFrozen = false
    /// A line of the screen is not the session's, and it goes on.
    private var isPictureDue = false
    /// A picture would be written into a file or a pipe, in the middle of output.
    private var isPictureDropped = false
    /// What is on the screen is not the session's: the next connection begins with a picture.
    private var isPictureWanted = false
    /// Since when output is passed over until a picture comes.
    private var skippingSince: ContinuousClock.Instant?
    private var echoWait = EchoWait()
    /// When a key went to the host whose echo is still awaited, and how it is.
    private var awaited: (since: ContinuousClock.Instant, way: EchoWait.Way)?
    /// When the user came, or typed last.
    private var usedAt = ContinuousClock.now
    /// For how long something typed was waited for and did not come. A paste lies in the kernel while the loop is elsewhere.
    private var idle: Duration = .zero
    private var end: AttachEnd?
    private var closeCode: Int?

    /// Prepares to serve a connection.
    init(
        _ socket: AttachSocket, host: HostAddress, session: String, keys: DetachKeys, isReadOnly: Bool,
        isTerminal: Bool, isScreen: Bool,
        waking pipe: WakePipe
    ) {
        self.socket = socket
        self.host = host
        self.session = session
        self.isReadOnly = isReadOnly
        self.isTerminal = isTerminal
        self.isScreen = isScreen
        self.pipe = pipe
        matcher = DetachKeyMatcher(isTerminal ? keys : DetachKeys(keys: []))
        isListening = isTerminal || !isReadOnly
    }

    /// Serves until the attachment ends. Blocks the calling thread.
    func run() -> AttachEnd {
        tellSize()
        receive()
        while true {
            if let end {
                socket?.close(within: .seconds(1))
                return end
            }
            wait()
        }
    }

    private func wait() {
        // A negative number is passed over.
        // A person who types is told; a program waits.
        // So many bytes of a paste are taken before a program reads them that the detach keys behind them are found.
        let isHostReady =
            isTerminal ? socket.map { $0.unsentCount < Self.aheadLimit } ?? true : socket?.hasUnsent != true
        let canType =
            isListening && (isTerminal || !isFrozen) && isHostReady
            && pending.count < (isTerminal ? Self.aheadLimit : Self.pendingLimit)
        let events = handshake?.events ?? POLLIN | (socket?.hasUnsent == true ? POLLOUT : 0)
        var waits = [
            pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: canType ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket?.descriptor ?? handshake?.descriptor ?? -1, events: Int16(events), revents: 0),
        ]
        let began = ContinuousClock.now
        var count = lookForEcho(&waits)
        if count == 0 { count = poll(&waits, 3, socket == nil ? host.retryPause.milliseconds : -1) }
        if canType { idle += .now - began }
        if count > 0 {
            if waits[2].revents & ~Int16(POLLOUT) != 0 { noteEcho() }
            // A signal's handler has said in the pipe what there is to say: EINTR needs no answer.
            let messages = waits[0].revents != 0 ? pipe.drain() : []
            if messages.contains(.resized) { tellSize() }
            if waits[1].revents != 0 { type() }
            if waits[2].revents & Int16(POLLOUT) != 0 { socket?.flush() }
            if waits[2].revents & ~Int16(POLLOUT) != 0 { receive() }
            if messages.contains(.resumed), isScreen { drawAnew() }
        }
        if socket == nil, end == nil { reconnect() }
    }

    /// Looks again and again for the echo of a key, where that is the quicker way, instead of sleeping until it comes.
    /// - Returns: as poll(2); 0 when nothing is looked for, or when it has been for long enough.
    private func lookForEcho(_ waits: inout [pollfd]) -> CInt {
        guard let awaited, awaited.way == .looking else { return 0 }
        var count: CInt
        repeat {
            count = poll(&waits, 3, 0)
            if count == 0 { sched_yield() }
        } while count == 0 && .now - awaited.since < EchoWait.limit
        if count == 0 { noteEcho() }
        return count
    }

    private func noteEcho() {
        guard let (since, way) = awaited else { return }
        awaited = nil
        echoWait.took(.now - since, by: way)
    }

    // MARK: What is typed

    private func type() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        // EIO: the terminal has hung up.
        guard count > 0 else {
            if count == 0 || (errno != EINTR && errno != EAGAIN) { inputEnded() }
            return
        }
        let result = matcher.read(Array(bytes[..<count]), after: idle)
        idle = .zero
        if !isReadOnly, !result.input.isEmpty { pass(result.input) }
        if result.isDetached { end = .detached }
    }

    private func pass(_ input: [UInt8]) {
        if isFrozen { return showFrozen(ringing: true) }
        if let socket { socket.send(input) } else { pending += input }
        if Self.interrupts.contains(input) { skipAhead() }
        if TerminalReports.areAll(input) { return }
        usedAt = .now
        if isTerminal, input.count <= Self.keyLength { awaited = (usedAt, echoWait.next()) }
    }

    /// Who interrupts a program on a slow terminal wants to see that it has ended, and not what it had printed before.
    private func skipAhead() {
        guard let socket, hasWindow, outputStep < Self.outputSteps.largest,
            socket.waitingCount > Self.unseenLimit
        else { return }
        socket.askForPicture()
        skippingSince = .now
        outputStep = Self.outputSteps.largest
    }

    private func inputEnded() {
        if isTerminal { end = .detached } else { isListening = false }
    }

    private func tellSize() {
        if let size = windowSize { socket?.resize(to: size) }
    }

    /// Whoever has a window answers what programs ask, which only one does that is given the output.
    private var hasWindow: Bool { isTerminal && isScreen && !isReadOnly }

    private var windowSize: TerminalSize? { hasWindow ? RawTerminal.size() : nil }

    // MARK: What the session says

    private func receive() {
        let began = ContinuousClock.now
        socket?.receive(atMost: outputStep) { event in
            switch event {
            case .bytes(let whole):
                let unnumbered = position.read(byteCount: whole.count)
                if skippingSince != nil { return }
                // To a file or a pipe a picture is no output.
                let bytes = UnsafeRawBufferPointer(rebasing: whole.dropFirst(isPictureDropped ? unnumbered : 0))
                if isScreen, modes.read(bytes) { RawTerminal.noteReset(modes.reset) }
                // A terminal that has gone has ended this process, or will.
                if isScreen { Console.write(bytes, to: STDOUT_FILENO) } else { Console.print(bytes: bytes) }
            case .message(let message): read(message)
            case .closed(let code): closeCode = code
            }
        }
        let taken = ContinuousClock.now - began
        // The host knows no such message, or is gone.
        if let skippingSince, .now - skippingSince > Self.pictureLimit { isPictureDue = true }
        outputStep =
            taken > Self.slowStep
            ? max(outputStep / 2, Self.outputSteps.smallest)
            : min(outputStep * 2, taken * 8 < Self.slowStep ? Self.outputSteps.largest : outputStep)
        if let code = closeCode, end == nil { connectionClosed(code) }
        if isPictureDue, end == nil {
            isPictureDue = false
            connectAnew()
        }
    }

    private func read(_ message: AttachMessage) {
        let before = position
        position.read(message)
        if !isScreen, message.type == .synced, message.mode != .exact { noteLoss(since: before) }
        if message.type == .synced { skippingSince = nil }
        if message.type == .frozen { freeze() }
        if message.type == .thawed { thaw() }
        if message.type == .ended { end = .sessionEnded(message.exit, message.endReason) }
        // What is on the screen is not what comes next, unless the host draws it.
        if message.mode == .reanchor, message.repaint == nil, isScreen {
            Console.write(Array("\u{1b}[0m\u{1b}[2J\u{1b}[H".utf8), to: STDOUT_FILENO)
        }
    }

    /// Output that another connection does not begin with is missing from a file or a pipe, and only stderr can say so.
    private func noteLoss(since before: AttachPosition) {
        guard let expected = before.next, let next = position.next else { return }
        isPictureDropped = true
        let count = before.epoch == position.epoch && next > expected ? "\(next - expected) bytes" : "some bytes"
        Console.note(
            "corral: \(count) of the output are missing here: this was read too slowly, or its host has ended.")
    }

    /// What the host has not had goes to the next one, before what is typed meanwhile.
    private func leaveConnection() {
        pending = (socket?.unsentInput ?? []) + pending
        socket = nil
        // What was passed over does not come again.
        if skippingSince != nil { isPictureWanted = true }
        skippingSince = nil
    }

    private func connectionClosed(_ code: Int) {
        // What is on the way there must not come after what goes by the next one, nor be lost.
        if Self.isHeard(after: code) { socket?.finish(within: .seconds(1)) }
        leaveConnection()
        isBehind = code == 1013
        closeCode = nil
        guard Self.isWorthRetrying(code) else {
            end = .refused("The host closed the connection (WebSocket code \(code)).", .other)
            return
        }
        brokenSince = .now
    }

    // MARK: Another connection

    private func reconnect() {
        let since = brokenSince ?? .now
        if isScreen, !isNoticeShown, .now - since > Self.noticeable { showNotice() }
        if handshake == nil, let nextTry, .now < nextTry { return }
        do throws(HostClientFailure) {
            // One that broke off within a picture has no rest of it.
            let isAnew = isPictureWanted || (isScreen && position.isWithinPicture)
            let attempt =
                handshake
                ?? AttachHandshake(
                    host: host, session: session, from: isAnew ? nil : position.next,
                    epoch: isAnew ? nil : position.epoch, size: windowSize, idle: .now - usedAt, isReadOnly: isReadOnly)
            handshake = attempt
            if let next = try attempt.proceed() {
                begin(next)
            } else if .now - since >= Self.patience {
                end = .hostGone
            }
        } catch {
            handshake = nil
            nextTry = .now + host.retryPause
            let isOver = .now - since >= Self.patience
            switch error {
            case .unreachable, .disconnected: if isOver { end = .hostGone }
            case .problem(let problem) where problem.code == "shutting_down": if isOver { end = .hostGone }
            case .timedOut, .cancelled: end = .hostGone
            case .problem, .badResponse: end = .failed(error)
            }
        }
    }

    private func begin(_ next: AttachSocket) {
        socket = next
        handshake = nil
        brokenSince = nil
        isNoticeShown = false
        isPictureWanted = false
        // The host says so again.
        isFrozen = false
        tellSize()
        // In frames that are no larger than a host takes.
        while !pending.isEmpty {
            next.send(Array(pending.prefix(Self.pendingLimit)))
            pending.removeFirst(min(pending.count, Self.pendingLimit))
        }
        receive()
    }

    private func showNotice() {
        isNoticeShown = true
        show(isBehind ? "this terminal is far behind; waiting for a picture" : "the host has gone away; waiting for it")
        wantPicture()
    }

    /// On the bottom line, in place of what the session has there.
    private func show(_ text: String) {
        Console.write(
            Array("\u{1b}7\u{1b}[999;1H\u{1b}[0;7m[\(text)]\u{1b}[0m\u{1b}[K\u{1b}8".utf8), to: STDOUT_FILENO)
    }

    // MARK: A frozen session

    private func freeze() {
        isFrozen = true
        showFrozen(ringing: false)
    }

    /// Nothing else is written until it goes on, so the line stays.
    private func showFrozen(ringing: Bool) {
        guard isScreen else { return }
        show("frozen: `corral session thaw \(session)` or that of its workspace lets it go on")
        if ringing { Console.write([7], to: STDOUT_FILENO) }
    }

    private func thaw() {
        guard isFrozen else { return }
        isFrozen = false
        // A line of the screen was written over.
        isPictureDue = isScreen
    }

    /// Nothing of what was switched on is on, and the shell has written on the screen.
    private func drawAnew() {
        modes = TerminalModes()
        RawTerminal.noteReset([])
        connectAnew()
    }

    /// Leaves this connection for one that begins with a picture.
    private func connectAnew() {
        // What was typed goes first.
        socket?.close(within: .seconds(1))
        leaveConnection()
        if brokenSince == nil { brokenSince = .now }
        wantPicture()
    }

    private func wantPicture() {
        isPictureWanted = true
        // It would go on where the last connection broke off.
        handshake = nil
    }

    /// Whether the host takes what comes until its close is answered: it ends in order, or this client was too slow.
    private static func isHeard(after code: Int) -> Bool { code == 1001 || code == 1013 }

    /// Whether another connection can do better than one that was closed with this code.
    ///
    /// Not when the host called our frames wrong (1002, 1003, 1007, 1009) or us (1008), or found an error in itself (1011).
    ///
    /// See: RFC 6455 section 7.4.1
    static func isWorthRetrying(_ code: Int) -> Bool {
        ![1002, 1003, 1007, 1008, 1009, 1011].contains(code)
    }
}

extension Duration {
    /// What poll(2) is to wait.
    fileprivate var milliseconds: CInt {
        CInt(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
