import FoundationEssentials
import Glibc
public import HostProtocol

/// An attachment for one thread that polls: no task, no event loop and no other thread lie in the way of a byte.
///
/// Whoever has it polls ``descriptor``, calls ``receive(atMost:_:)`` when it can be read and ``flush()`` when it can be written to and
/// ``hasUnsent`` says so. Not for two threads at a time.
public final class AttachSocket {
    /// What the host says.
    public enum Event {
        /// Terminal bytes, lent for the time of the call.
        case bytes(UnsafeRawBufferPointer)
        case message(AttachMessage)
        /// The end, always the last. The code is the host's, or 1006 when the connection was cut off.
        case closed(Int)
    }

    /// To be polled. Owned by this object.
    public let descriptor: CInt
    private var frames = ServerFrames()
    /// A frame that the host has not taken, or not all of.
    private struct Unsent {
        var bytes: [UInt8]
        /// How many of them it has taken.
        var sent = 0
        /// What is typed with it.
        var input: [UInt8]
    }

    private var unsent: [Unsent] = []
    private var masks = MaskKeys()
    private var isClosed = false
    private var early: [UInt8]

    /// Takes a connection over that the host has accepted, and what came after that.
    init(_ descriptor: CInt, early: [UInt8]) {
        self.descriptor = descriptor
        self.early = early
    }

    deinit { Glibc.close(descriptor) }

    // MARK: Opening

    /// Attaches to a session's terminal. Blocks until the host has accepted or refused.
    /// - Parameters:
    ///   - from: Sequence number of the first byte that the caller lacks; a picture of the screen when absent.
    ///   - epoch: The run that `from` counts in, as `synced` told it.
    ///   - size: Of the caller's window, so that the screen is drawn for it; nil for one without a window.
    ///   - isReadOnly: Whether the host is to drop whatever the caller sends, also a size.
    ///   - timeout: Until the host has answered.
    /// - Throws: ``HostClientFailure``; `problem` when the host refuses.
    public static func open(
        host: HostAddress, session: String, from: UInt64? = nil, epoch: String? = nil, size: TerminalSize? = nil,
        isReadOnly: Bool = false, timeout: Duration
    ) throws(HostClientFailure) -> AttachSocket {
        let handshake = AttachHandshake(
            host: host, session: session, from: from, epoch: epoch, size: size, isReadOnly: isReadOnly,
            mayAsk: true)
        let deadline = ContinuousClock.now + timeout
        while true {
            if let socket = try handshake.proceed() { return socket }
            let left = deadline - .now
            guard left > .zero else { throw .timedOut(request: handshake.request, after: timeout) }
            var wait = pollfd(fd: handshake.descriptor, events: Int16(handshake.events), revents: 0)
            poll(&wait, 1, wait.fd < 0 ? min(5, left.pollMilliseconds) : left.pollMilliseconds)
        }
    }

    // MARK: From the host

    /// Reads what has arrived, without waiting.
    /// - Parameter limit: Bytes that are read at most; what is left can be read again at once.
    public func receive(atMost limit: Int = 256 << 10, _ handle: (Event) -> Void) {
        if !early.isEmpty {
            let bytes = early
            early = []
            bytes.withUnsafeBytes { read($0, handle) }
        }
        withUnsafeTemporaryAllocation(byteCount: limit, alignment: 16) { buffer in
            while !isClosed {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT))
                if count > 0 {
                    return read(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)), handle)
                } else if count == 0 {
                    end(1006, handle)
                } else if errno == EAGAIN {
                    return
                } else if errno != EINTR {
                    end(1006, handle)
                }
            }
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer, _ handle: (Event) -> Void) {
        frames.read(bytes) { event in
            switch event {
            case .bytes(let bytes): handle(.bytes(bytes))
            case .message(let message): handle(.message(message))
            case .ping(let payload): write(10, payload)
            case .closed(let code):
                write(8, code == 1005 ? [] : [UInt8(code >> 8 & 0xff), UInt8(code & 0xff)])
                end(code, handle)
            case .broken: end(1002, handle)
            }
        }
    }

    private func end(_ code: Int, _ handle: (Event) -> Void) {
        guard !isClosed else { return }
        isClosed = true
        handle(.closed(code))
    }

    // MARK: To the host

    /// Whether something waits for the host to take it.
    public var hasUnsent: Bool { !unsent.isEmpty }

    /// Bytes of input that wait for the host to take them.
    public var unsentCount: Int { unsent.reduce(0) { $0 + $1.input.count } }

    /// What was typed and the host has not had: it throws away a frame that it got in part. For another connection.
    public var unsentInput: [UInt8] { unsent.flatMap(\.input) }

    /// Types into the terminal. What the host does not take now waits here.
    public func send(_ bytes: [UInt8]) { write(2, bytes) }

    /// Tells the size of this client's terminal.
    public func resize(to size: TerminalSize) {
        var message = AttachMessage(.resize)
        message.columns = size.columns
        message.rows = size.rows
        write(message)
    }

    /// Has the host leave out what it has not sent, and send a picture in its place, after another `synced`.
    public func askForPicture() { write(AttachMessage(.repaint)) }

    /// Bytes that have come and were not read.
    ///
    /// See: unix(7), SIOCINQ
    public var waitingCount: Int {
        var count: CInt = 0
        return ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
    }

    /// Sends what waits, as far as the host takes it.
    public func flush() {
        while let first = unsent.first {
            let count = first.bytes.withUnsafeBytes {
                let rest = $0[first.sent...]
                return Glibc.send(
                    descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count,
                    CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
            }
            if count > 0 {
                unsent[0].sent += count
                if first.sent + count == first.bytes.count { unsent.removeFirst() }
            } else if errno != EINTR {
                // EAGAIN: later. A connection that is gone is seen by the one who reads.
                return
            }
        }
    }

    /// After the host's close: gives it what waits and the answer, and waits until it has ended the connection, at most so long.
    public func finish(within limit: Duration) {
        let deadline = ContinuousClock.now + limit
        withUnsafeTemporaryAllocation(byteCount: 4 << 10, alignment: 16) { buffer in
            while ContinuousClock.now < deadline {
                flush()
                var wait = pollfd(fd: descriptor, events: Int16(POLLIN | (hasUnsent ? POLLOUT : 0)), revents: 0)
                guard poll(&wait, 1, (deadline - .now).pollMilliseconds) > 0 else { continue }
                guard wait.revents & ~Int16(POLLOUT) != 0 else { continue }
                let count = recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT))
                if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return }
            }
        }
    }

    /// Says goodbye and waits for the host's, at most so long.
    public func close(within limit: Duration) {
        guard !isClosed else { return }
        write(8, [0x03, 0xe8])
        let deadline = ContinuousClock.now + limit
        while !isClosed, ContinuousClock.now < deadline {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN | (hasUnsent ? POLLOUT : 0)), revents: 0)
            guard poll(&wait, 1, (deadline - .now).pollMilliseconds) > 0 else { continue }
            flush()
            receive { _ in }
        }
    }

    private func write(_ message: AttachMessage) {
        do { write(1, Array(try WireCoding.text(of: message).utf8)) } catch {
            // A few words and numbers can always be written.
        }
    }

    private func write(_ opcode: UInt8, _ payload: [UInt8]) {
        let key = masks.next()
        var frame: [UInt8] = [0x80 | opcode]
        switch payload.count {
        case ..<126: frame.append(0x80 | UInt8(payload.count))
        case ..<65_536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: frame += [0x80 | 127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 0xff) }
        }
        frame += key
        for (index, byte) in payload.enumerated() { frame.append(byte ^ key[index & 3]) }
        unsent.append(Unsent(bytes: frame, input: opcode == 2 ? payload : []))
        flush()
    }
}

extension Duration {
    /// What poll(2) is to wait: at least a millisecond, at most a minute.
    var pollMilliseconds: CInt {
        CInt(min(60_000, max(1, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)))
    }
}
