import CgroupPty
import FoundationEssentials
import HostProtocol
import NIOCore

/// The events of one run of the host, in the order in which they were told: the last ones are held, and whoever follows reads them.
///
/// There is one copy of each event, and a reader is no more than a position among them. So a slow reader costs nothing: it falls out
/// of what is held, and is told so. Numbers begin with 1 in each run, and the run has a name of its own, so that a number of an earlier
/// host is never taken for one of this.
final class EventHub: Sendable {
    /// What is held and who may read (I8).
    struct Limits: Sendable {
        /// Events that are held. Ten seconds of more than anybody was ever seen to make; a client that reconnects is back in one.
        var events = 10_000
        /// Bytes of events that are held.
        var bytes = 4 << 20
        /// Clients that follow at the same time; each has a connection of its own.
        var readers = 128
    }

    /// What a reader gets next.
    enum Taken {
        /// Frames of server-sent events, and the number of the last.
        case frames(ByteBuffer, last: UInt64)
        case nothing
        /// The next event is no longer held.
        case fallenBehind
    }

    private struct State {
        var frames: CircularBuffer<ByteBuffer> = []
        var bytes = 0
        /// Number of the event that is told last; 0 before the first.
        var last: UInt64 = 0
        /// By a number that is nobody's else: nil while the reader is at work, else how it is woken.
        var readers: [UInt64: (@Sendable () -> Void)?] = [:]
        var nextReader: UInt64 = 0
        /// Those of the readers who stay.
        var followers: Set<UInt64> = []

        /// Number of the oldest event that is held, or of the next one.
        var first: UInt64 { last + 1 - UInt64(frames.count) }
    }

    /// Names this run.
    let epoch: String
    private let limits: Limits
    private let state = Locked(State())

    /// A hub that holds nothing, with a fresh name.
    init(limits: Limits = Limits(), epoch: String = String(UInt64.random(in: .min ... .max), radix: 16)) {
        self.limits = limits
        self.epoch = epoch
    }

    /// Holds an event, with the next number, and wakes all who wait for one.
    /// - Throws: `EncodingError`, for a value that JSON cannot hold; then there is no event.
    func publish(_ document: EventDocument) throws {
        let waiting = try state.withLock { state in
            let frame = try Self.frame(document, id: id(state.last + 1))
            state.last += 1
            state.frames.append(frame)
            state.bytes += frame.readableBytes
            while state.frames.count > limits.events || state.bytes > limits.bytes, state.frames.count > 1 {
                state.bytes -= state.frames.removeFirst().readableBytes
            }
            let waiting = state.readers.compactMap { $0.value }
            for key in state.readers.keys { state.readers.updateValue(nil, forKey: key) }
            return waiting
        }
        for wake in waiting { wake() }
    }

    /// Begins to follow.
    /// - Parameter position: Where the client left off; nil for what comes from now on.
    /// - Parameter follows: Whether it stays. One that reads what is held and goes takes nobody's place.
    /// - Returns: the reader's key, the number after which it goes on, and what it is told first.
    /// - Throws: ``HostFailure/limitReached(_:)``.
    func join(
        after position: EventPosition?, follows: Bool
    ) throws -> (key: UInt64, last: UInt64, greeting: ByteBuffer) {
        try state.withLock { state in
            guard !follows || state.followers.count < limits.readers else {
                throw HostFailure.limitReached(
                    "follow the events: \(limits.readers) clients do already, which is the limit")
            }
            let (last, reset) = begin(after: position, state)
            var greeting = ByteBuffer(string: "retry: 1000\nid: \(id(last))\n\n")
            if let reset { greeting.writeImmutableBuffer(try Self.frame(reset, id: id(last))) }
            let key = state.nextReader
            state.nextReader += 1
            state.readers.updateValue(nil, forKey: key)
            if follows { state.followers.insert(key) }
            return (key, last, greeting)
        }
    }

    /// Whether anybody follows.
    var hasReaders: Bool { state.withLock { !$0.readers.isEmpty } }

    /// Follows no more.
    func leave(_ key: UInt64) {
        state.withLock { state in
            state.readers.removeValue(forKey: key)
            state.followers.remove(key)
        }
    }

    /// What comes after a number, at most so many bytes unless a single event has more.
    /// - Parameter wake: Called once, from any thread, when there is something. Only when this answers `nothing`.
    func take(
        _ key: UInt64, after last: UInt64, atMost limit: Int, orTell wake: @escaping @Sendable () -> Void
    ) -> Taken {
        state.withLock { state in
            guard last < state.last else {
                state.readers.updateValue(wake, forKey: key)
                return .nothing
            }
            guard last + 1 >= state.first else { return .fallenBehind }
            var frames = ByteBuffer()
            var taken = last
            while taken < state.last {
                let frame = state.frames[offset: Int(taken + 1 - state.first)]
                guard frames.readableBytes == 0 || frames.readableBytes + frame.readableBytes <= limit else { break }
                frames.writeImmutableBuffer(frame)
                taken += 1
            }
            return .frames(frames, last: taken)
        }
    }

    private func id(_ number: UInt64) -> String { "\(EventPosition.after(epoch: epoch, number))" }

    /// The number after which a client goes on, and what it is told when it has missed something.
    private func begin(after position: EventPosition?, _ state: State) -> (UInt64, EventDocument?) {
        let oldest = state.first - 1
        switch position {
        case nil: return (state.last, nil)
        case .oldest: return (oldest, nil)
        case .after(epoch, let number) where (oldest...state.last).contains(number): return (number, nil)
        case .after(epoch, let number) where number < oldest:
            var reset = EventDocument(
                .reset, "\(oldest - number) events are no longer held: look at everything anew.", at: Timestamp(.now))
            reset.missed = oldest - number
            return (oldest, reset)
        case .after:
            let reset = EventDocument(
                .reset, "The host was started again since: look at everything anew.", at: Timestamp(.now))
            return (oldest, reset)
        }
    }

    /// See: HTML Standard, "Server-sent events", 9.2.6; JSON on one line has no line break that would have to be escaped.
    private static func frame(_ document: EventDocument, id: String) throws -> ByteBuffer {
        var document = document
        document.id = id
        var frame = ByteBuffer(string: "id: \(id)\nevent: \(document.kind.rawValue)\ndata: ")
        frame.writeBytes(try WireCoding.encode(document))
        frame.writeStaticString("\n\n")
        return frame
    }
}
