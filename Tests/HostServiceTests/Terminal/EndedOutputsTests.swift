import CgroupPty
import Testing

@testable import HostService

@Suite struct `Output of sessions that are over` {
    private func feed(_ number: Int, bytes: Int = 10) throws -> TerminalFeed {
        let id = try #require(SessionID("ended\(number)"))
        let ring = try OutputRing.make(session: id, capacity: 1 << 20)
        ring.append([UInt8](repeating: 65, count: bytes))
        let feed = TerminalFeed(session: id, ring: ring, size: .standard)
        feed.closeMemory()
        return feed
    }

    @Test func `is kept for as many as the limit says, the newest (I8)`() throws {
        var outputs = EndedOutputs()
        for number in 0..<EndedOutputs.countLimit { #expect(try outputs.insert(feed(number)).isEmpty) }
        let first = try #require(outputs.all.first)
        #expect(try outputs.insert(feed(10_000)).map(\.session) == [first.session])
        #expect(outputs.feed(of: first.session) == nil)
        #expect(outputs.all.count == EndedOutputs.countLimit)
    }

    @Test func `is kept for as much as the limit says, and the last one's however long (I8)`() throws {
        var outputs = EndedOutputs(memoryLimit: 100_000)
        _ = try outputs.insert(feed(1, bytes: 30_000))
        _ = try outputs.insert(feed(2, bytes: 30_000))
        #expect(try outputs.insert(feed(3, bytes: 60_000)).map(\.session.rawValue) == ["ended1"])
        #expect(outputs.memoryInUse <= 100_000)
        #expect(try outputs.insert(feed(4, bytes: 200_000)).map(\.session.rawValue) == ["ended2", "ended3"])
        outputs.remove(try #require(outputs.all.first).session)
        #expect(outputs.all.isEmpty)
    }
}
