import CgroupPty
import NIOCore

/// One client's way through the events: the body of an answer that goes on until the client or the host goes away.
///
/// A client that takes its events slower than they come falls out of what is held. Its connection is closed then, without the end of
/// an answer; when it comes back with the last id that it has, it is told how many it has missed. A stream in which nothing happens
/// carries a comment now and then, by which either side finds out that the other one is gone.
final class EventReader: BodyStream {
    /// The client is too slow.
    struct FellBehind: Error {}

    /// From one sign of life to the next: what lies between usually ends idle connections after a minute.
    static let heartbeat = Duration.seconds(15)
    /// Bytes that are written at a time.
    private static let piece = 64 << 10

    private struct Place {
        var last: UInt64
        var greeting: ByteBuffer?
    }

    private let hub: EventHub
    private let key: UInt64
    private let follows: Bool
    private let heartbeat: Duration
    private let place: Locked<Place>
    private let bell = Bell()

    /// Begins to follow.
    /// - Parameters:
    ///   - position: Where the client left off; nil for what comes from now on.
    ///   - follows: Whether the stream goes on after what is held.
    /// - Throws: ``HostFailure/limitReached(_:)``.
    init(_ hub: EventHub, after position: EventPosition?, follows: Bool, heartbeat: Duration = heartbeat) throws {
        let (key, last, greeting) = try hub.join(after: position, follows: follows)
        self.hub = hub
        self.key = key
        self.follows = follows
        self.heartbeat = heartbeat
        place = Locked(Place(last: last, greeting: greeting))
    }

    deinit { close() }

    func close() { hub.leave(key) }

    func next() async throws -> ByteBuffer? {
        // The client learns at once that it is heard, and from where it goes on.
        if let greeting = place.withLock({ $0.greeting.take() }) { return greeting }
        while true {
            let taken = place.withLock { place in
                let taken = hub.take(key, after: place.last, atMost: Self.piece) { [bell] in bell.ring() }
                if case .frames(_, let last) = taken { place.last = last }
                return taken
            }
            switch taken {
            case .frames(let frames, _): return frames
            case .fallenBehind: throw FellBehind()
            case .nothing where !follows: return nil
            case .nothing:
                let hasRung = await bell.wait(until: .after(heartbeat))
                try Task.checkCancellation()
                if !hasRung { return ByteBuffer(string: ":\n\n") }
            }
        }
    }
}
