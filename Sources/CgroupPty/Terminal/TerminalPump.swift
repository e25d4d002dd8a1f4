internal import CSystemd
import Glibc

/// Reads terminals as they have output and writes input as they take it, all of them on one thread.
///
/// A terminal is drained whether anybody looks or not, so that no program blocks on its output. What is read goes straight into
/// the sink's memory: no buffer, no queue and no other thread lies in between. A terminal is read for ``turn`` bytes at most
/// before the next one has its turn.
///
/// See: epoll(7)
public final class TerminalPump: Sendable {
    /// Bytes that one terminal may deliver at a time: a screenful comes whole, and a flood of one keeps the others waiting for as long
    /// as it takes to read so much and to give it to each of its clients, some 15 µs for every one that is quick enough.
    static let turn = 64 << 10

    private struct State {
        var channels: [UInt64: TerminalChannel] = [:]
        var nextKey: UInt64 = 1
        var isStopped = false
        /// Those who wait for the thread's next turn.
        var asking: [CheckedContinuation<Void, Never>] = []
    }

    private let epoll: OwnedFileDescriptor
    private let wakeup: OwnedFileDescriptor
    private let state = Locked(State())

    /// Starts the thread.
    /// - Throws: ``SystemCallFailure``: out of descriptors or threads.
    public init() throws(SystemCallFailure) {
        epoll = OwnedFileDescriptor(adopting: try Self.checked("epoll_create1", corral_epoll_create()))
        wakeup = OwnedFileDescriptor(adopting: try Self.checked("eventfd", corral_eventfd()))
        try epoll.withRawValue { epoll throws(SystemCallFailure) in
            try wakeup.withRawValue { raw throws(SystemCallFailure) in
                _ = try Self.checked("epoll_ctl", corral_epoll_add(epoll, raw, 0, CInt(CORRAL_WATCH_INPUT), 0))
            }
        }
        let thread = Unmanaged.passRetained(self)
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<TerminalPump>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, thread.toOpaque())
        guard code == 0 else {
            thread.release()
            throw SystemCallFailure(call: "pthread_create", subject: "terminal pump", errno: code)
        }
        pthread_detach(id)
    }

    /// Ends the thread. Terminals are no longer read.
    public func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    /// Waits for the thread's next turn, which comes as long as it lives and no terminal holds it up; at once when it was ended.
    public func turnOver() async {
        await withCheckedContinuation { continuation in
            let isStopped = state.withLock { state in
                if !state.isStopped { state.asking.append(continuation) }
                return state.isStopped
            }
            if isStopped { continuation.resume() } else { wake() }
        }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = wakeup.withRawValue { write($0, &one, 8) }
    }

    /// Begins to read a terminal into a sink.
    /// - Parameter leader: whose terminal it is; nil where nobody can open it anew.
    /// - Throws: ``SystemCallFailure`` from `epoll_ctl`: out of watches or of memory.
    public func start(
        _ terminal: PseudoTerminal, of leader: Pidfd?, into sink: any TerminalSink
    ) throws(SystemCallFailure) -> TerminalChannel {
        let key = state.withLock { state in
            defer { state.nextKey += 1 }
            return state.nextKey
        }
        let channel = TerminalChannel(terminal, of: leader, sink: sink, pump: self, key: key)
        state.withLock { $0.channels[key] = channel }
        let answer = epoll.withRawValue { epoll in
            terminal.master.withRawValue { corral_epoll_add(epoll, $0, key, CInt(CORRAL_WATCH_INPUT), 0) }
        }
        guard answer >= 0 else {
            state.withLock { _ = $0.channels.removeValue(forKey: key) }
            throw SystemCallFailure(call: "epoll_ctl", subject: "terminal", errno: -answer)
        }
        return channel
    }

    /// Asks for a call when the terminal takes input again, or no longer.
    func watch(_ terminal: PseudoTerminal, key: UInt64, forRoom: Bool) {
        _ = epoll.withRawValue { epoll in
            terminal.master.withRawValue { corral_epoll_change(epoll, $0, key, forRoom ? 1 : 0) }
        }
    }

    /// Reads the terminal no more. A call that is under way on the thread may still finish.
    func end(_ terminal: PseudoTerminal, key: UInt64) {
        _ = epoll.withRawValue { epoll in terminal.master.withRawValue { corral_epoll_remove(epoll, $0) } }
        state.withLock { _ = $0.channels.removeValue(forKey: key) }
    }

    private func run() {
        corral_name_thread("terminals")
        var keys = [UInt64](repeating: 0, count: 64)
        while true {
            let count = epoll.withRawValue { corral_epoll_wait($0, &keys, -1) }
            for key in keys.prefix(Int(max(0, count))) where key != 0 {
                state.withLock { $0.channels[key] }?.isReady()
            }
            if keys.prefix(Int(max(0, count))).contains(0) {
                var wakings: UInt64 = 0
                _ = wakeup.withRawValue { read($0, &wakings, 8) }
            }
            let (isStopped, asking) = state.withLock { state in
                defer { state.asking = [] }
                return (state.isStopped, state.asking)
            }
            for continuation in asking { continuation.resume() }
            if isStopped { return }
        }
    }

    private static func checked(_ call: String, _ answer: CInt) throws(SystemCallFailure) -> CInt {
        guard answer >= 0 else { throw SystemCallFailure(call: call, subject: "terminal pump", errno: -answer) }
        return answer
    }
}
