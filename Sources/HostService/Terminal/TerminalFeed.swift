import CgroupPty
import HostProtocol

/// A session's output on its way to everybody: into the ring, and to each attached client.
///
/// Guarantees order (a client's catch-up and its live bytes meet without a gap and without a repeat, since both are decided
/// under one lock), and that nobody waits for a slow client: past ``unsentLimit`` it is cut and may come back to catch up.
final class TerminalFeed: Sendable {
    /// Bytes that a client may be behind. A person's connection that stalls for some seconds of a build's output survives; a
    /// hundred stalled clients cost less than a gigabyte.
    static let unsentLimit = 8 << 20
    /// Largest binary frame: what a client's WebSocket library takes without trouble.
    private static let frameSize = 64 << 10

    private struct Subscriber {
        let continuation: AsyncStream<AttachmentEvent>.Continuation
        var unsent = 0
    }

    private struct State {
        var ring: OutputRing
        var subscribers: [UInt64: Subscriber] = [:]
        var nextKey: UInt64 = 1
        var ended: AttachMessage?
    }

    /// Names the run of the sequence numbers: another host, another epoch.
    let epoch: String
    private let session: SessionID
    private let state: Locked<State>

    /// Makes an empty feed.
    init(session: SessionID, capacity: Int = OutputRing.standardCapacity) {
        self.session = session
        epoch = String(UInt64.random(in: .min ... .max), radix: 16)
        state = Locked(State(ring: OutputRing(capacity: capacity)))
    }

    /// Clients attached now.
    var subscriberCount: Int { state.withLock { $0.subscribers.count } }

    /// Adds output that was read from the terminal.
    func append(_ bytes: [UInt8]) {
        state.withLock { state in
            state.ring.append(bytes)
            for key in state.subscribers.keys { deliver(bytes, to: key, in: &state) }
        }
    }

    /// What the ring holds from `from` on, or all of it.
    func slice(from: UInt64?) -> OutputSlice {
        state.withLock { state in
            let (first, bytes) = state.ring.slice(from: from ?? state.ring.start)
            return OutputSlice(epoch: epoch, from: first, bytes: bytes)
        }
    }

    /// Attaches a client: `attached`, `title`, `synced`, the bytes that it lacks, then live ones.
    /// - Parameter from: the first byte that the client lacks, in the run that `epoch` names.
    func subscribe(
        title: String, from: UInt64?, epoch wanted: String?
    ) -> (key: UInt64, events: AsyncStream<AttachmentEvent>) {
        let (stream, continuation) = AsyncStream<AttachmentEvent>.makeStream(bufferingPolicy: .unbounded)
        let key = state.withLock { state in
            let key = state.nextKey
            state.nextKey += 1
            state.subscribers[key] = Subscriber(continuation: continuation)
            let isKnown = wanted == epoch && from.map { $0 >= state.ring.start && $0 <= state.ring.end } == true
            let mode: AttachMessage.Mode = isKnown ? .exact : (from == nil ? .tail : .reanchor)
            let (first, bytes) = state.ring.slice(from: isKnown ? (from ?? 0) : state.ring.start)
            var attached = AttachMessage(.attached)
            attached.session = session.rawValue
            continuation.yield(.message(attached))
            var named = AttachMessage(.title)
            named.title = title
            continuation.yield(.message(named))
            var synced = AttachMessage(.synced)
            synced.epoch = epoch
            synced.seq = first
            synced.mode = mode
            continuation.yield(.message(synced))
            deliver(bytes, to: key, in: &state)
            if let ended = state.ended {
                continuation.yield(.message(ended))
                continuation.finish()
                state.subscribers[key] = nil
            }
            return key
        }
        return (key, stream)
    }

    /// The client's socket has taken so many bytes.
    func acknowledge(_ key: UInt64, byteCount: Int) {
        state.withLock { $0.subscribers[key]?.unsent -= byteCount }
    }

    /// Ends one client's attachment.
    func unsubscribe(_ key: UInt64) {
        state.withLock { $0.subscribers.removeValue(forKey: key)?.continuation.finish() }
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
            for subscriber in state.subscribers.values {
                subscriber.continuation.yield(.message(message))
                subscriber.continuation.finish()
            }
            state.subscribers = [:]
        }
    }

    private func deliver(_ bytes: [UInt8], to key: UInt64, in state: inout State) {
        guard var subscriber = state.subscribers[key], !bytes.isEmpty else { return }
        subscriber.unsent += bytes.count
        // A first catch-up may be as large as the ring, which is below the limit.
        guard subscriber.unsent <= Self.unsentLimit else {
            subscriber.continuation.yield(.cut)
            subscriber.continuation.finish()
            state.subscribers[key] = nil
            return
        }
        state.subscribers[key] = subscriber
        var rest = bytes[...]
        while !rest.isEmpty {
            subscriber.continuation.yield(.bytes(Array(rest.prefix(Self.frameSize))))
            rest = rest.dropFirst(Self.frameSize)
        }
    }
}
