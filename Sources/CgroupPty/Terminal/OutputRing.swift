/// The last bytes of a session's output, with the place of each in all that was ever written.
///
/// A sequence number counts bytes since the session began and never goes back. Memory is taken only as output comes, up to the
/// capacity; from then on the oldest bytes go. A reader that asks for bytes that are gone gets the oldest that are there and
/// is told so by their number.
public struct OutputRing: Sendable {
    /// 2 MiB: some 20,000 lines of a build. See ``capacity(whenHeld:)`` for what a host with many sessions gives.
    public static let standardCapacity = 2 << 20

    /// What a new session's ring may take when so many others are held: all together stay near 1 GiB at 3,000 sessions.
    public static func capacity(whenHeld count: Int) -> Int {
        switch count {
        case ..<256: standardCapacity
        case ..<512: standardCapacity / 2
        default: standardCapacity / 16
        }
    }

    /// Bytes kept at most.
    public let capacity: Int
    /// Sequence number of the next byte that will be written.
    public private(set) var end: UInt64 = 0
    private var storage: [UInt8] = []
    /// Where in `storage` the oldest byte is, once it is full.
    private var head = 0

    /// Makes an empty ring.
    public init(capacity: Int = Self.standardCapacity) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// Sequence number of the oldest byte that is kept.
    public var start: UInt64 { end - UInt64(storage.count) }

    /// Adds output, dropping the oldest where there is no room.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        end += UInt64(bytes.count)
        var rest = bytes.suffix(capacity)[...]
        let room = capacity - storage.count
        if room > 0 {
            storage.append(contentsOf: rest.prefix(room))
            rest = rest.dropFirst(room)[...]
        }
        while !rest.isEmpty {
            let count = min(rest.count, capacity - head)
            storage.replaceSubrange(head..<(head + count), with: rest.prefix(count))
            rest = rest.dropFirst(count)[...]
            head = head + count == capacity ? 0 : head + count
        }
    }

    /// What is kept from a sequence number on.
    /// - Returns: the number of the first byte returned, which is greater than `from` when older bytes are gone, and the bytes.
    public func slice(from: UInt64) -> (from: UInt64, bytes: [UInt8]) {
        let first = min(max(from, start), end)
        let skipped = Int(first - start)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(storage.count - skipped)
        let ordered = storage.count == capacity ? [head..<capacity, 0..<head] : [0..<storage.count]
        var toSkip = skipped
        for part in ordered {
            let begin = min(part.lowerBound + toSkip, part.upperBound)
            toSkip -= begin - part.lowerBound
            bytes.append(contentsOf: storage[begin..<part.upperBound])
        }
        return (first, bytes)
    }
}
