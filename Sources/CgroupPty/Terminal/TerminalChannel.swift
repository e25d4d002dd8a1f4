import Glibc

/// The way of bytes between a terminal's master and the service, both directions.
///
/// Input is written in order and byte for byte, at once where the terminal takes it; what it does not take yet is bounded by
/// ``pendingLimit`` and ``pendingWritesLimit``. Output goes to the sink, on the pump's thread, until the terminal is hung up.
///
/// A master also answers as if it were hung up while nobody has the slave open, and a leader may close it and open it anew: output to a
/// log, and then a question on `/dev/tty`. So while the leader lives it is kept open here.
public final class TerminalChannel: Sendable {
    /// Input that may wait for the terminal: a large paste fits, a program that never reads cannot fill our memory.
    public static let pendingLimit = 1 << 20
    /// Writes that may wait, however small: each takes more of our memory than its bytes, and of the time of all terminals.
    public static let pendingWritesLimit = 1024

    /// What became of input.
    public enum WriteOutcome: Sendable, Equatable {
        /// The terminal has taken it.
        case written
        /// More than ``pendingLimit``, or than ``pendingWritesLimit``, would wait. Nothing of it was written.
        case full
        /// The terminal was hung up or closed. Some of it may have been written.
        case closed
    }

    private struct Pending {
        var bytes: [UInt8]
        var done = 0
        let outcome = Settlement<WriteOutcome>()
    }

    private struct State: ~Copyable {
        /// What the terminal has not taken, in order; the first may be written in part.
        var pending: [Pending] = []
        var pendingCount = 0
        /// Whether the pump tells when the terminal takes input again.
        var isWatchingRoom = false
        var isHungUp = false
        var isClosed = false
        /// The slave end, while the leader lives and nobody else had it open.
        var slave: OwnedFileDescriptor?
        var isLeaderGone = false
        var drained: [Settlement<Bool>] = []
        /// Those who wait until nothing waits.
        var emptied: [Settlement<Bool>] = []

        func hasRoom(for writes: [[UInt8]]) -> Bool {
            writes.reduce(pendingCount) { $0 + $1.count } <= TerminalChannel.pendingLimit
                && pending.count + writes.count <= TerminalChannel.pendingWritesLimit
        }
    }

    private let terminal: PseudoTerminal
    private let leader: Pidfd?
    private let sink: any TerminalSink
    private let pump: TerminalPump
    private let key: UInt64
    private let state = Locked(State())

    /// Made by the pump alone.
    init(_ terminal: PseudoTerminal, of leader: Pidfd?, sink: any TerminalSink, pump: TerminalPump, key: UInt64) {
        self.terminal = terminal
        self.leader = leader
        self.sink = sink
        self.pump = pump
        self.key = key
    }

    // MARK: Input

    /// Writes input; suspends until the terminal has taken it.
    /// - Parameter writes: each is a write of its own, right after the one before.
    public func send(_ writes: [[UInt8]]) async -> WriteOutcome {
        let begun = state.withLock { state -> Result<Settlement<WriteOutcome>, Refused> in
            if state.isClosed || state.isHungUp { return .failure(.outcome(.closed)) }
            guard state.hasRoom(for: writes) else { return .failure(.outcome(.full)) }
            guard let last = begin(writes, in: &state) else { return .failure(.outcome(.written)) }
            return .success(last)
        }
        switch begun {
        case .success(let outcome): return await outcome.value()
        case .failure(.outcome(let outcome)): return outcome
        }
    }

    /// Writes input if nothing waits before it. What the terminal does not take of it waits as in ``send(_:)``, and nobody with it.
    /// - Returns: false when it must go by ``send(_:)``; nothing of it was written.
    public func sendAtOnce(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.isClosed, !state.isHungUp, state.pending.isEmpty, bytes.count <= Self.pendingLimit else {
                return false
            }
            begin([bytes], in: &state)
            return true
        }
    }

    /// Takes input over, to be written in its turn. Waits for nothing.
    /// - Returns: `written` when it was, or will be.
    public func enqueue(_ writes: [[UInt8]]) -> WriteOutcome {
        state.withLock { state in
            if state.isClosed || state.isHungUp { return .closed }
            guard state.hasRoom(for: writes) else { return .full }
            begin(writes, in: &state)
            return .written
        }
    }

    /// Queues input and writes as much of it as the terminal takes.
    /// - Returns: what becomes of the last write; nil when there is none.
    @discardableResult
    private func begin(_ writes: [[UInt8]], in state: inout State) -> Settlement<WriteOutcome>? {
        let isFirst = state.pending.isEmpty
        // The terminal would take nothing of an empty one, as of one that must wait.
        let new = writes.filter { !$0.isEmpty }.map { Pending(bytes: $0) }
        state.pending += new
        state.pendingCount += writes.reduce(0) { $0 + $1.count }
        if isFirst, !flush(&state) {
            state.isWatchingRoom = true
            pump.watch(terminal, key: key, forRoom: true)
        }
        return new.last?.outcome
    }

    private enum Refused: Error {
        case outcome(WriteOutcome)
    }

    /// Writes what waits, as far as the terminal takes it.
    /// - Returns: Whether nothing waits any more.
    private func flush(_ state: inout State) -> Bool {
        while let first = state.pending.first {
            switch write(first.bytes, from: first.done) {
            case .some(0): return false
            case .some(let count):
                state.pending[0].done += count
                state.pendingCount -= count
                guard state.pending[0].done == first.bytes.count else { continue }
                state.pending.removeFirst().outcome.settle(.written)
                if state.pending.isEmpty { tellEmpty(&state) }
            case .none:
                refuse(&state)
                return true
            }
        }
        return true
    }

    private func refuse(_ state: inout State) {
        for pending in state.pending { pending.outcome.settle(.closed) }
        state.pending = []
        state.pendingCount = 0
        tellEmpty(&state)
    }

    private func tellEmpty(_ state: inout State) {
        for waiting in state.emptied { waiting.settle(true) }
        state.emptied = []
    }

    /// Waits until the terminal has taken all that waits for it, or is over.
    /// - Returns: how many bytes it had not taken when the deadline passed.
    public func waitUntilWritten(until deadline: Deadline) async -> Int {
        let emptied = Settlement<Bool>()
        let isEmpty = state.withLock { state in
            if !state.pending.isEmpty { state.emptied.append(emptied) }
            return state.pending.isEmpty
        }
        if !isEmpty { await Self.settle(emptied, by: deadline) }
        return state.withLock { $0.pendingCount }
    }

    /// Waits for a settlement, which is false when the deadline passes first.
    @discardableResult
    private static func settle(_ settlement: Settlement<Bool>, by deadline: Deadline) async -> Bool {
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            settlement.settle(false)
        }
        defer { timer.cancel() }
        return await settlement.value()
    }

    /// See: write(2)
    /// - Returns: how many bytes the terminal took, 0 when it takes none now; nil when it is hung up.
    private func write(_ bytes: [UInt8], from: Int) -> Int? {
        let count = terminal.master.withRawValue { raw in
            bytes.withUnsafeBytes { buffer in
                var count: Int
                repeat {
                    count = Glibc.write(raw, buffer.baseAddress.map { $0 + from }, bytes.count - from)
                } while count < 0 && errno == EINTR
                return count
            }
        }
        if count >= 0 { return count }
        return errno == EAGAIN ? 0 : nil
    }

    // MARK: Output

    /// Something can be read or written, or the terminal is hung up. On the pump's thread.
    func isReady() {
        let isClosed = state.withLock { state in
            if !state.isClosed, state.isWatchingRoom, flush(&state) {
                state.isWatchingRoom = false
                pump.watch(terminal, key: key, forRoom: false)
            }
            return state.isClosed
        }
        if isClosed { return }
        do throws(SystemCallFailure) {
            if try sink.drain(terminal, atMost: TerminalPump.turn) == .hungUp, try !keepOpen() { hungUp() }
        } catch {
            // A terminal that cannot be read will not get better: it is as good as hung up.
            hungUp()
        }
    }

    /// Keeps the terminal of a leader that lives.
    /// - Returns: false when it is over.
    private func keepOpen() throws(SystemCallFailure) -> Bool {
        guard let leader, try !leader.hasExited() else { return false }
        return try state.withLock { state throws(SystemCallFailure) in
            // It was told to have gone: then it is, and only its last moment was missed.
            if state.isLeaderGone || state.isClosed { return false }
            state.slave = try terminal.openSlave()
            return true
        }
    }

    /// Lets the terminal end with whoever else has it open: its leader has exited.
    public func leaderExited() {
        state.withLock { state in
            state.isLeaderGone = true
            state.slave = nil
        }
    }

    private func hungUp() {
        pump.end(terminal, key: key)
        let waiting = state.withLock { state in
            state.isHungUp = true
            refuse(&state)
            defer { state.drained = [] }
            return state.drained
        }
        for drained in waiting { drained.settle(true) }
    }

    /// Waits until the last byte was read: no process holds the slave end any more.
    /// - Returns: false when the deadline passed first.
    public func waitUntilDrained(until deadline: Deadline) async -> Bool {
        let drained = Settlement<Bool>()
        let isOver = state.withLock { state in
            if state.isHungUp || state.isClosed { return true }
            state.drained.append(drained)
            return false
        }
        return isOver ? true : await Self.settle(drained, by: deadline)
    }

    /// Reads no more and lets go of the terminal; the kernel hangs it up once nobody else holds its master.
    public func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            state.slave = nil
            refuse(&state)
            defer { state.drained = [] }
            return state.drained
        }
        pump.end(terminal, key: key)
        for drained in waiting { drained.settle(true) }
    }
}
