import CgroupPty
import HostProtocol
import NIOCore
import Testing

@testable import HostService

@Suite struct `A feed that the host reads itself` {
    private func feed(_ text: String, capacity: Int = 1 << 12) throws -> TerminalFeed {
        let id = try #require(SessionID("feed1"))
        let ring = try OutputRing.make(session: id, capacity: capacity)
        ring.append(Array(text.utf8))
        return TerminalFeed(session: id, ring: ring, size: .standard)
    }

    private func text(_ event: AttachmentEvent?) -> String? {
        if case .bytes(let bytes)? = event { String(buffer: bytes) } else { nil }
    }

    @Test func `gives the bytes from a number on, then the end, and then nothing is left`() throws {
        let feed = try feed("hello")
        let (key, first) = feed.follow(from: 2)
        #expect(first == 2)
        #expect(feed.readerCount == 1)
        #expect(feed.clientCount == 0, "it is no client")
        #expect(text(feed.next(key, atMost: 2) {}) == "ll")
        #expect(text(feed.next(key, atMost: 100) {}) == "o")
        let woken = Locked(0)
        let nothing = feed.next(key, atMost: 100) { woken.withLock { $0 += 1 } }
        #expect(nothing.map { _ in true } == nil)
        feed.end(exit: .init(code: 3, signal: nil), reason: .exited)
        #expect(woken.withLock { $0 } == 1)
        guard case .message(let message)? = feed.next(key, atMost: 100, orTell: {}) else {
            Issue.record("no end")
            return
        }
        #expect(message.exit?.code == 3)
        #expect(feed.readerCount == 0)
    }

    @Test(arguments: [(nil, 4), (0, 4), (5, 5), (8, 8), (99, 8)] as [(UInt64?, UInt64)])
    func `begins within what is held`(from: UInt64?, first: UInt64) throws {
        let feed = try feed("abcdefgh", capacity: 4)
        #expect(feed.follow(from: from).first == first)
    }

    @Test func `lets go of a reader that is detached`() throws {
        let feed = try feed("")
        let (key, _) = feed.follow(from: nil)
        feed.detach(key)
        #expect(feed.readerCount == 0)
    }

    @Test func `knows where the answers to the last input begin`() throws {
        let feed = try feed("prompt")
        #expect(feed.inputSent == nil)
        feed.noteInput(at: feed.end)
        #expect(feed.inputSent == 6)
    }
}
