import CgroupPty
import Dispatch
import HostProtocol
import NIOCore

/// A session's output on its way to everybody: into the ring, and from there to each attached client.
///
/// A client takes when it can. What it has not taken lies in the ring, which all share; only when the ring is about to drop it,
/// it is put aside for that client alone. So order holds (a client's catch-up and its live bytes are one run of the same numbers,
/// without a gap and without a repeat), an idle client costs nothing, and nobody waits for a slow one: past ``unsentLimit``
/// it is cut and may come back to catch up.
final class TerminalFeed: TerminalSink {
    /// Bytes that a client may be behind. A person's connection that stalls for some seconds of a build's output survives; a
    /// hundred stalled clients cost less than a gigabyte.
    static let unsentLimit = 8 << 20

    /// After so many bytes the kernel is asked whether more lies behind them. An echo, and most of what answers a key, is less and goes out
    /// at once.
    static let piece = 1 << 10

    /// One that takes the output. Touched only under the lock.
    fileprivate final class Reader {
        /// Whether it is not to be given anything yet: what goes before the bytes is being made.
        var isHeld: Bool
        /// Whether somebody is attached who can be counted, or the host itself reads.
        let isClient: Bool
        /// Whether it has a terminal, which answers what programs ask.
        var isTerminal: Bool
        /// What goes before the bytes.
        var messages: [AttachmentEvent] = []
        /// Sequence number of the next byte to take from the ring.
        var next: UInt64
        /// Bytes before `next` that the ring has dropped, in pieces: one buffer would keep what was taken of it.
        private var aside = CircularBuffer<ByteBuffer>()
        private var asideCount = 0
        /// Told, once, when there is something to take again. Nil while the reader is taking.
        var wake: (@Sendable () -> Void)?
        var isCut = false

        init(
            next: UInt64, isClient: Bool, isTerminal: Bool = false, isHeld: Bool = false,
            messages: [AttachmentEvent] = []
        ) {
            self.next = next
            self.isClient = isClient
            self.isTerminal = isTerminal
            self.isHeld = isHeld
            self.messages = messages
        }

        /// Keeps what the ring may drop soon, or cuts the reader.
        func putAside(_ ring: OutputRing) {
            let count = Int(ring.end - next)
            if isCut || asideCount + count > TerminalFeed.unsentLimit {
                isCut = true
                aside = []
                asideCount = 0
            } else {
                aside.append(Self.copy(from: next, count, ring))
                asideCount += count
            }
            next = ring.end
        }

        /// Takes bytes, at most so many; nil when there are none.
        func take(atMost limit: Int, _ ring: OutputRing) -> ByteBuffer? {
            if let first = aside.first {
                let slice = aside[aside.startIndex].readSlice(length: min(limit, first.readableBytes))
                if aside[aside.startIndex].readableBytes == 0 { aside.removeFirst() }
                asideCount -= slice?.readableBytes ?? 0
                return slice
            }
            let count = min(Int(ring.end - next), limit)
            guard count > 0 else { return nil }
            defer { next += UInt64(count) }
            return Self.copy(from: next, count, ring)
        }

        private static func copy(from: UInt64, _ count: Int, _ ring: OutputRing) -> ByteBuffer {
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            ring.withBytes(from: from, atMost: count) { buffer.writeBytes($0) }
            return buffer
        }
    }

    /// What one lock is for.
    struct State {
        let ring: OutputRing
        fileprivate var readers: [UInt64: Reader] = [:]
        fileprivate var nextKey: UInt64 = 1
        fileprivate(set) var ended: AttachMessage?
        /// Where the output stood when input was sent last.
        var inputSent: UInt64?
        /// The size at the checkpoint, or at the beginning, and those since.
        var size: WindowSize
        var sizings: [ScreenMaterial.Sizing] = []
        var isCheckpointing = false
        var lastCheckpoint: ContinuousClock.Instant?
        /// When there was output, or input that was sent, or a client, last.
        var usedAt = SuspendingClock.now
        /// Writes what the host answers for a terminal; nil where there is none.
        var answer: (@Sendable ([UInt8]) -> Void)?
        /// What programs ask from this byte on nobody has answered yet, while no terminal is attached.
        var queriesFrom: UInt64
        var isAnswering = false
        /// When there is none: until when one may come back that saw what came before.
        var terminalMayReturnUntil: ContinuousClock.Instant?

        fileprivate init(ring: sending OutputRing, size: WindowSize) {
            self.ring = ring
            self.size = size
            queriesFrom = ring.end
        }

        /// Whether a terminal is attached.
        var hasTerminal: Bool { readers.values.contains { $0.isTerminal } }

        /// Takes over the answers to what was asked before a byte.
        /// - Returns: from which byte on.
        mutating func claimQueries(upTo end: UInt64) -> UInt64 {
            defer { queriesFrom = max(queriesFrom, end) }
            return queriesFrom
        }

        /// Notes that the terminal has another size from here on.
        mutating func note(_ size: WindowSize) {
            if sizings.last?.sequence == ring.end {
                sizings[sizings.count - 1].size = size
            } else if sizings.last?.size != size {
                sizings.append(ScreenMaterial.Sizing(sequence: ring.end, size: size))
            }
            if sizings.count > TerminalFeed.sizingsLimit { sizings.removeFirst() }
        }

        /// What the screen is made of, now.
        /// - Parameter limit: Bytes that are read at most, the newest. What that leaves out is missing.
        func material(atMost limit: Int = .max) -> ScreenMaterial {
            let checkpoint = ring.checkpoint
            let isWhole = checkpoint.map(ScreenMaterial.hasText) ?? true
            var from = max(isWhole ? checkpoint?.sequence ?? 0 : 0, ring.start)
            if ring.end - from > UInt64(limit) { from = ring.end - UInt64(limit) }
            let (first, bytes) = ring.slice(from: from)
            return ScreenMaterial(size: size, checkpoint: checkpoint, from: first, bytes: bytes, sizings: sizings)
        }
    }

    /// Where screens are read.
    static let reading = BlockingExecutor(label: "corral.screens")
    /// A checkpoint is made once in so long at most: a flood of output costs some milliseconds of reading a second.
    private static let checkpointInterval = Duration.seconds(1)
    /// Sizes that are remembered at most; at half of them a checkpoint is made (I8). Beyond, the oldest is forgotten: what it had cut
    /// or wrapped is then shown otherwise.
    static let sizingsLimit = 256
    /// Bytes that a picture is made of for a client that comes in a flood, beside the checkpoint.
    private static let hastyReads = 64 << 10
    /// Bytes that are read for a checkpoint at most, where some are missing anyway.
    static let checkpointReads = 2 << 20

    let session: SessionID
    let state: Locked<State>
    /// How long what is asked waits for a terminal that has gone, or was there when the host was killed.
    let returnTime: Duration
    private let checkpoints: String?

    /// Feeds from a ring, which nobody else may use any more.
    /// - Parameters:
    ///   - size: the terminal's, now.
    ///   - checkpoints: see ``Checkpoint``.
    init(
        session: SessionID, ring: sending OutputRing, size: WindowSize, returnTime: Duration = .seconds(2),
        checkpoints: String? = nil
    ) {
        self.session = session
        self.returnTime = returnTime
        self.checkpoints = checkpoints
        var state = State(ring: ring, size: size)
        // Of an earlier host: when the size changed since is not known.
        if let kept = state.ring.checkpoint, kept.size != size {
            state.sizings = [ScreenMaterial.Sizing(sequence: state.ring.end, size: size)]
        }
        if state.ring.end > 0 { state.terminalMayReturnUntil = .now + returnTime }
        self.state = Locked(state)
    }

    /// Bytes of output that are kept at most.
    var capacity: Int { state.withLock { $0.ring.capacity } }

    /// Bytes of memory that the output may take, with the screen that is kept beside it.
    var memoryLimit: Int {
        state.withLock { $0.ring.capacity + ($0.ring.checkpointSequence == nil ? 0 : OutputRing.checkpointCapacity) }
    }

    /// Clients attached now.
    var clientCount: Int { state.withLock { $0.readers.values.count { $0.isClient } } }

    /// Readers of any kind.
    var readerCount: Int { state.withLock { $0.readers.count } }

    /// Sequence number of the next byte that will come.
    var end: UInt64 { state.withLock { $0.ring.end } }

    /// Whether the session is over.
    var hasEnded: Bool { state.withLock { $0.ended != nil } }

    /// What the ring holds from `from` on, or all of it.
    func slice(from: UInt64?) -> OutputSlice {
        state.withLock { state in
            let (first, bytes) = state.ring.slice(from: from ?? state.ring.start)
            return OutputSlice(epoch: Self.name(of: state.ring), from: first, bytes: bytes)
        }
    }

    /// Notes that input was sent.
    /// - Parameter end: of the output before that: whatever answers the input comes from there on.
    func noteInput(at end: UInt64) {
        state.withLock { state in
            // Of two at once the later one may be noted first.
            state.inputSent = max(state.inputSent ?? 0, end)
            state.usedAt = .now
        }
    }

    /// When somebody or something used the terminal last: output, input that was sent, a client that was attached. Not before this
    /// host held it.
    var usedAt: SuspendingClock.Instant { state.withLock { $0.usedAt } }

    /// Where the answers to the last input that was sent begin; nil when none was sent to this host.
    var inputSent: UInt64? { state.withLock { $0.inputSent } }

    /// Sets the terminal's size, and notes at which byte it changed.
    func resize(_ terminal: PseudoTerminal, to size: WindowSize) throws(SystemCallFailure) {
        try state.withLock { state throws(SystemCallFailure) in
            try terminal.resize(to: size)
            // What was stored under the size at the end is found again under it.
            if state.ended == nil { state.note(size) }
        }
        checkpointIfDue()
    }

    /// Packs the ring with what else a session needs to outlive the host.
    func pack(_ terminal: PseudoTerminal, leader: Pidfd) throws(SystemCallFailure) -> DescriptorPack {
        try state.withLock { state throws(SystemCallFailure) in
            try SessionPack.make(terminal: terminal, ring: state.ring, leader: leader)
        }
    }

    /// Gives up the memory file of a session that is over; its output stays readable.
    /// - Throws: ``SystemCallFailure``: out of descriptors; the file is closed all the same.
    func releaseMemory() throws(SystemCallFailure) -> OwnedFileDescriptor? {
        try state.withLock { state throws(SystemCallFailure) in try state.ring.releaseMemory() }
    }

    /// Closes the memory file of a session that is over; its output stays readable.
    func closeMemory() { state.withLock { $0.ring.closeMemory() } }

    /// A copy of the memory file that was given up.
    func copyMemory() throws(SystemCallFailure) -> OwnedFileDescriptor {
        try state.withLock { state throws(SystemCallFailure) in try state.ring.copyMemory() }
    }

    /// Bytes of memory that the output takes, about.
    var memoryInUse: Int { state.withLock { $0.ring.memoryInUse } }

    /// The terminal's size, the last that is known.
    var size: WindowSize {
        state.withLock { $0.sizings.last?.size ?? $0.ring.checkpoint?.size ?? $0.size }
    }

    static func name(of ring: OutputRing) -> String { String(ring.epoch, radix: 16) }

    // MARK: From the terminal

    func drain(_ terminal: PseudoTerminal, atMost limit: Int) throws(SystemCallFailure) -> OutputRing.ReadOutcome {
        var taken = 0
        var asked = 0
        var outcome = OutputRing.ReadOutcome.nothing
        drain: repeat {
            outcome = try state.withLock { state throws(SystemCallFailure) in
                putAside(&state)
                state.usedAt = .now
                return try state.ring.read(from: terminal, probing: taken == 0)
            }
            switch outcome {
            case .read(let count): taken += count
            // Of a flood the readers are told once, and not at each piece.
            case .nothing where taken >= Self.piece && taken > asked && terminal.hasMore(): asked = taken
            case .nothing, .hungUp: break drain
            }
        } while taken < limit
        if taken > 0 {
            wakeReaders()
            checkpointIfDue()
            if outcome == .nothing { answerAtPause() }
        }
        return outcome
    }

    /// Has the screen kept when half of the output that made it may soon be dropped. Returns at once.
    private func checkpointIfDue() {
        let isDue = state.withLock { state in
            let unread = state.ring.end - (state.ring.checkpointSequence ?? 0)
            guard !state.isCheckpointing, state.ended == nil,
                unread > UInt64(state.ring.capacity / 2) || state.sizings.count > Self.sizingsLimit / 2,
                state.lastCheckpoint.map({ .now - $0 > Self.checkpointInterval }) ?? true
            else { return false }
            state.isCheckpointing = true
            state.lastCheckpoint = .now
            return true
        }
        guard isDue else { return }
        DispatchQueue(label: "corral.checkpoint", qos: .utility).async { [checkpoints] in
            self.keepCheckpoint()
            if let checkpoints { Task { await Checkpoint.screenKept.reach(in: checkpoints) } }
        }
    }

    /// Keeps for each reader what the next read may overwrite, or cuts it. Once in half a ring, and not at every read.
    private func putAside(_ state: inout State) {
        let (end, limit) = (state.ring.end, UInt64(state.ring.capacity / 2))
        for reader in state.readers.values where end - reader.next > limit { reader.putAside(state.ring) }
    }

    private func wakeReaders() {
        let wakes = state.withLock { state in
            state.readers.values.compactMap { $0.wake.take() }
        }
        for wake in wakes { wake() }
    }

    // MARK: To the readers

    /// Attaches a client: `attached`, `title`, `synced`, then the bytes that it lacks, or a picture of the screen, then live ones.
    ///
    /// A picture is made of the screen at one byte, and what the terminal is in the middle of there goes before the live ones. While it is
    /// made nothing is kept for the client. Where more than the ring holds has come meanwhile another is made, of little, and
    /// meanwhile the client counts as any that is behind.
    /// - Parameters:
    ///   - key: from ``newKey()``.
    ///   - from: the first byte that the client lacks, in the run that `epoch` names.
    ///   - isTerminal: Whether it answers what programs ask in the bytes that it is given. Not those in a picture: these are answered now.
    func attach(
        _ key: UInt64, title: String, from: UInt64?, epoch wanted: String?, isTerminal: Bool = false
    ) async {
        var messages = [AttachMessage(.attached), AttachMessage(.title), AttachMessage(.synced)]
        messages[0].session = session.rawValue
        messages[1].title = title
        let isExact = state.withLock { state in
            messages[2].epoch = Self.name(of: state.ring)
            guard let from, wanted == messages[2].epoch, from >= state.ring.start, from <= state.ring.end else {
                return false
            }
            messages[2].seq = from
            messages[2].mode = .exact
            state.readers[key] = Reader(
                next: from, isClient: true, isTerminal: isTerminal, messages: messages.map { .message($0) })
            if isTerminal { state.queriesFrom = state.ring.end }
            return true
        }
        if isExact { return }
        messages[2].mode = from == nil ? .tail : .reanchor
        if await !attach(key, messages, isTerminal, isHasty: false) {
            _ = await attach(key, messages, isTerminal, isHasty: true)
        }
    }

    /// Attaches a client by a picture of the screen, and what the terminal is in the middle of.
    /// - Parameter isHasty: Whether the bytes that come meanwhile are kept for it, and the picture is made of little.
    /// - Returns: false when the ring has lost bytes meanwhile that come after the picture.
    private func attach(
        _ key: UInt64, _ messages: [AttachMessage], _ isTerminal: Bool, isHasty: Bool
    ) async -> Bool {
        var queriesFrom: UInt64?
        let material = state.withLock { state in
            if isHasty {
                if isTerminal, !state.hasTerminal { queriesFrom = state.claimQueries(upTo: state.ring.end) }
                state.readers[key] = Reader(next: state.ring.end, isClient: true, isTerminal: isTerminal, isHeld: true)
            }
            return state.material(atMost: isHasty ? Self.hastyReads : .max)
        }
        guard let picture = await repaint(material, isKept: isHasty) else { return false }
        var messages = messages
        messages[1].title = picture.title ?? messages[1].title
        messages[2].seq = material.end - UInt64(picture.unfinished)
        messages[2].repaint = picture.bytes.count
        var events = messages.map { AttachmentEvent.message($0) }
        for bytes in [picture.bytes[...], material.bytes.suffix(picture.unfinished)] where !bytes.isEmpty {
            events.append(.bytes(ByteBuffer(bytes: bytes)))
        }
        let (isAttached, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            if isHasty {
                guard let reader = state.readers[key] else { return (true, nil) }
                reader.messages = events
                reader.isHeld = false
                return (true, reader.wake.take())
            }
            guard material.end >= state.ring.start else { return (false, nil) }
            if isTerminal, !state.hasTerminal { queriesFrom = state.claimQueries(upTo: material.end) }
            state.readers[key] = Reader(next: material.end, isClient: true, isTerminal: isTerminal, messages: events)
            return (true, nil)
        }
        wake?()
        if let queriesFrom { await answer(material, from: queriesFrom) }
        return isAttached
    }

    /// Reads for the host itself: the bytes from a number on, or from where the ring begins, then live ones, and at last the end.
    ///
    /// As any reader it is cut when it falls behind, and ends with ``detach(_:)``.
    /// - Returns: the reader's key, and the number of the first byte that it gets: greater than `from` when older ones are gone.
    func follow(from: UInt64?) -> (key: UInt64, first: UInt64) {
        let key = newKey()
        return state.withLock { state in
            let first = min(max(from ?? 0, state.ring.start), state.ring.end)
            state.readers[key] = Reader(next: first, isClient: false)
            return (key, first)
        }
    }

    /// A key for a reader to come.
    func newKey() -> UInt64 {
        state.withLock { state in
            defer { state.nextKey += 1 }
            return state.nextKey
        }
    }

    /// What comes next for a reader, at most so many bytes.
    /// - Parameter wake: told, once, from any thread, when there is something again. Only when this answers nil.
    func next(
        _ key: UInt64, atMost limit: Int, orTell wake: @escaping @Sendable () -> Void
    ) -> AttachmentEvent? {
        state.withLock { state in
            guard let reader = state.readers[key] else { return .over }
            if reader.isHeld {
                reader.wake = wake
                return nil
            }
            if !reader.messages.isEmpty { return reader.messages.removeFirst() }
            if reader.isCut { return .cut }
            if let bytes = reader.take(atMost: limit, state.ring) { return .bytes(bytes) }
            if let ended = state.ended {
                state.readers[key] = nil
                return .message(ended)
            }
            reader.wake = wake
            return nil
        }
    }

    /// Tells a client something, before all that it has not taken yet. Once, when it says the same again.
    func tell(_ key: UInt64, _ message: AttachMessage) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard let reader = state.readers[key] else { return nil }
            if case .message(let last)? = reader.messages.last, last.type == message.type { return nil }
            reader.messages.append(.message(message))
            return reader.wake.take()
        }
        wake?()
    }

    /// Ends one reader's attachment.
    func detach(_ key: UInt64) {
        let wake = state.withLock { state in
            let reader = state.readers.removeValue(forKey: key)
            if reader?.isClient == true { state.usedAt = .now }
            if let reader, reader.isTerminal, !state.hasTerminal {
                state.queriesFrom = reader.next
                state.terminalMayReturnUntil = .now + returnTime
            }
            return reader?.wake
        }
        wake?()
        // What it was not given any more.
        answerAtPause()
    }

    /// A client has a terminal, as its window tells.
    func isTerminal(_ key: UInt64) { state.withLock { $0.readers[key]?.isTerminal = true } }

    /// Has what programs ask answered while no terminal is attached.
    func answerQueries(by write: @escaping @Sendable ([UInt8]) -> Void) { state.withLock { $0.answer = write } }

    /// Tells every client, also those to come, that the session is over.
    func end(exit: SessionDocument.Exit?, reason: SessionDocument.EndReason?) {
        state.withLock { state in
            guard state.ended == nil else { return }
            var message = AttachMessage(.ended)
            message.session = session.rawValue
            message.exit = exit
            message.endReason = reason
            state.ended = message
        }
        wakeReaders()
    }
}
