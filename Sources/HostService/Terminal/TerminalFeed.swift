import CgroupPty
import Dispatch
import HostProtocol
import NIOCore

/// A session's output on its way to everybody: into the ring, and from there to each attached client.
///
/// A client takes when it can. What it has not taken lies in the ring, which all share; only when the ring is about to drop it,
/// it is put aside for that client alone. So order holds (a client's catch-up and its live bytes are one run of the same numbers,
/// without a repeat, and without a gap unless it is told by a picture in its place), an idle client costs nothing, and nobody waits for a slow one: past ``unsentLimit``
/// it is cut and may come back to catch up.
final class TerminalFeed: TerminalSink {
    /// Bytes that a client may be behind. A person's connection that stalls for some seconds of a build's output survives; a
    /// hundred stalled clients cost less than a gigabyte.
    static let unsentLimit = 8 << 20

    /// After so many bytes the kernel is asked whether more lies behind them. An echo, and most of what answers a key, is less and goes out
    /// at once.
    static let piece = 1 << 10

    /// What one lock is for.
    struct State {
        let ring: OutputRing
        var readers: [UInt64: Reader] = [:]
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
        /// Writes what the host answers in place of a window; nil where the terminal is gone.
        var answer: (@Sendable ([UInt8]) -> Void)?
        /// What programs ask from this byte on nobody has answered yet, while no window is attached.
        var queriesFrom: UInt64
        /// Where the host has answered last: who is given the bytes before that would answer again.
        var answeredUpTo: UInt64 = 0
        var isAnswering = false
        /// Clients with a window whose picture is being made: they are given what comes after it.
        var windowsComing = 0
        /// When there is none: until when one may come back that saw what came before.
        var windowMayReturnUntil: ContinuousClock.Instant?

        fileprivate init(ring: sending OutputRing, size: WindowSize) {
            self.ring = ring
            self.size = size
            queriesFrom = ring.end
        }

        /// Whether a client is attached that answers what programs ask.
        var hasWindow: Bool { readers.values.contains { $0.answersQueries } }

        /// Has the host answer what was asked before a byte, unless a window does.
        /// - Returns: from which byte on; nil when it is a window's.
        mutating func takeOverQueries(upTo end: UInt64) -> UInt64? {
            if hasWindow { return nil }
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
        /// - Parameters:
        ///   - limit: Bytes that are read at most, the newest. What that leaves out is missing.
        ///   - needed: A byte that is to be among them; a checkpoint that was made after it is then not used.
        func material(atMost limit: Int = .max, from needed: UInt64 = .max) -> ScreenMaterial {
            let checkpoint = ring.checkpoint.flatMap { $0.sequence > needed ? nil : $0 }
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
        if state.ring.end > 0 { state.windowMayReturnUntil = .now + returnTime }
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
            // A read that ends with the turn may have been the last.
            if outcome == .nothing || (outcome != .hungUp && !terminal.hasMore()) { answerAtPause() }
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
            if let reader, reader.columns != nil, !state.hasWindow {
                state.queriesFrom = max(state.queriesFrom, reader.firstUntaken)
                state.windowMayReturnUntil = .now + returnTime
            }
            return reader?.wake
        }
        wake?()
        // What it was not given any more.
        answerAtPause()
    }

    /// A client's window is so wide.
    func setWindow(of key: UInt64, columns: Int) { state.withLock { $0.readers[key]?.columns = columns } }

    /// Has what programs ask answered while no window is attached.
    func answerQueries(by write: @escaping @Sendable ([UInt8]) -> Void) {
        state.withLock { $0.answer = write }
        // What waited in the terminal may have been read already.
        answerAtPause()
    }

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
