import CgroupPty
import HostProtocol
import NIOCore

extension TerminalFeed {
    /// One that takes the output. Touched only under the lock.
    final class Reader {
        /// Whether it is not to be given anything yet: what goes before the bytes is being made.
        var isHeld: Bool
        /// Whether somebody is attached who can be counted, or the host itself reads.
        let isClient: Bool
        /// How wide its window is; nil for one without, which does not answer what programs ask.
        var columns: Int?
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
            next: UInt64, isClient: Bool, columns: Int? = nil, isHeld: Bool = false,
            messages: [AttachmentEvent] = []
        ) {
            self.next = next
            self.isClient = isClient
            self.columns = columns
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

        /// Whether it has a window, and is given what comes.
        var answersQueries: Bool { columns != nil && !isCut }

        /// Sequence number of the first byte that it has not taken.
        var firstUntaken: UInt64 { next - UInt64(asideCount) }

        /// Leaves out what it has not taken, an earlier picture too: another goes before what comes from now on.
        func hold(_ ring: OutputRing) {
            isHeld = true
            messages.removeAll { event in
                switch event {
                case .message(let message): message.type == .synced
                case .bytes, .cut, .over: true
                }
            }
            aside = []
            asideCount = 0
            next = ring.end
        }

        /// Gives it a picture, and what comes after that.
        /// - Returns: what is to be called when the lock is let go of.
        func show(_ picture: [AttachmentEvent]) -> (@Sendable () -> Void)? {
            messages += picture
            isHeld = false
            return wake.take()
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
}
