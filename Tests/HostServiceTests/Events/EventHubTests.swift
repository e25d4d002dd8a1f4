import CgroupPty
import Foundation
import HostProtocol
import NIOCore
import Testing

@testable import HostService

/// Events that a test makes and reads.
enum SampleEvents {
    static func event(_ number: Int, filler: Int = 0) -> EventDocument {
        EventDocument(
            .sessionStarted, "event \(number)" + String(repeating: "x", count: filler), workspace: "wspace",
            session: "s\(number)", at: Timestamp(Date(timeIntervalSince1970: 1_800_000_000)))
    }

    /// The documents in a piece of a stream.
    static func documents(_ piece: ByteBuffer) throws -> [EventDocument] {
        try String(buffer: piece).split(separator: "\n").filter { $0.hasPrefix("data: ") }
            .map { try WireCoding.decode(EventDocument.self, from: String($0.dropFirst(6))) }
    }
}

@Suite struct `The events` {
    private func hub(_ events: Int = 100, bytes: Int = 1 << 20, readers: Int = 3) -> EventHub {
        EventHub(limits: EventHub.Limits(events: events, bytes: bytes, readers: readers), epoch: "e0")
    }

    /// All that a reader gets without waiting.
    private func held(_ hub: EventHub, after position: EventPosition?) async throws -> [EventDocument] {
        let reader = try EventReader(hub, after: position, follows: false)
        defer { reader.close() }
        var documents: [EventDocument] = []
        while let piece = try await reader.next() { documents += try SampleEvents.documents(piece) }
        return documents
    }

    @Test func `have consecutive ids, and go on after any of them`() async throws {
        let hub = hub()
        for number in 1...5 { try hub.publish(SampleEvents.event(number)) }
        #expect(try await held(hub, after: .oldest).map(\.id) == (1...5).map { "e0-\($0)" })
        #expect(try await held(hub, after: EventPosition("e0-3")).map(\.message) == ["event 4", "event 5"])
        #expect(try await held(hub, after: EventPosition("e0-5")).isEmpty)
        #expect(try await held(hub, after: nil).isEmpty)
    }

    @Test func `say how many are missing where some are no longer held`() async throws {
        let hub = hub(10)
        for number in 1...30 { try hub.publish(SampleEvents.event(number)) }
        let seen = try await held(hub, after: EventPosition("e0-15"))
        #expect(seen.first?.kind == .reset)
        #expect(seen.first?.missed == 5)
        #expect(seen.first?.id == "e0-20", "a client that goes on from here is not told again")
        #expect(seen.dropFirst().map(\.id) == (21...30).map { "e0-\($0)" })
        #expect(try await held(hub, after: EventPosition("e0-20")).map(\.kind).contains(.reset) == false)
    }

    @Test(arguments: ["f1-3", "e0-31", "e0-18446744073709551615"])
    func `never take an id of another run for one of theirs`(id: String) async throws {
        let hub = hub()
        for number in 1...30 { try hub.publish(SampleEvents.event(number)) }
        let seen = try await held(hub, after: EventPosition(id))
        #expect(seen.map(\.kind).first == .reset)
        #expect(seen.first?.missed == nil, "nobody knows how many")
        #expect(seen.count == 31, "and all that is held")
    }

    @Test func `are held up to a number of bytes, and the last in any case`() async throws {
        let hub = hub(bytes: 2000)
        for number in 1...10 { try hub.publish(SampleEvents.event(number, filler: 700)) }
        #expect(try await held(hub, after: .oldest).map(\.id) == ["e0-9", "e0-10"])
        try hub.publish(SampleEvents.event(11, filler: 5000))
        #expect(try await held(hub, after: .oldest).map(\.id) == ["e0-11"])
    }

    @Test(arguments: ["", "e0", "e0-", "-1", "e0-1-2", "E0-1", "g0-1", "e0-x", "e0-18446744073709551616", "Oldest"])
    func `have no such position`(text: String) { #expect(EventPosition(text) == nil) }

    @Test func `are followed by so many clients and no more`() throws {
        let hub = hub(readers: 2)
        let first = try EventReader(hub, after: nil, follows: true)
        let second = try EventReader(hub, after: nil, follows: true)
        #expect(throws: HostFailure.self) { try EventReader(hub, after: nil, follows: true) }
        first.close()
        let third = try EventReader(hub, after: nil, follows: true)
        withExtendedLifetime((second, third)) {}
    }

    // Those who read what is held and go kept out those who stay.
    @Test func `are followed whoever else reads what is held`() throws {
        let hub = EventHub(limits: EventHub.Limits(readers: 1), epoch: "e0")
        let passing = try (0..<3).map { _ in try EventReader(hub, after: .oldest, follows: false) }
        let follower = try EventReader(hub, after: nil, follows: true)
        #expect(throws: HostFailure.self) { try EventReader(hub, after: nil, follows: true) }
        follower.close()
        for reader in passing { reader.close() }
        try EventReader(hub, after: nil, follows: true).close()
    }

    @Test func `reach a reader that is asleep`() async throws {
        let hub = hub()
        let reader = try EventReader(hub, after: nil, follows: true)
        #expect(try String(buffer: #require(await reader.next())) == "retry: 1000\nid: e0-0\n\n")
        let piece = Task { try await reader.next() }
        try hub.publish(SampleEvents.event(1))
        #expect(try SampleEvents.documents(#require(try await piece.value)).map(\.id) == ["e0-1"])
        reader.close()
    }

    @Test func `give a sign of life when nothing happens`() async throws {
        let reader = try EventReader(hub(), after: nil, follows: true, heartbeat: .milliseconds(1))
        _ = try await reader.next()
        #expect(try String(buffer: #require(await reader.next())) == ":\n\n")
        reader.close()
    }

    @Test func `break off for a reader that falls out of what is held`() async throws {
        let hub = hub(10)
        let reader = try EventReader(hub, after: nil, follows: true)
        _ = try await reader.next()
        for number in 1...10 { try hub.publish(SampleEvents.event(number)) }
        #expect(try SampleEvents.documents(#require(try await reader.next())).count == 10)
        for number in 11...21 { try hub.publish(SampleEvents.event(number)) }
        await #expect(throws: EventReader.FellBehind.self) { try await reader.next() }
        reader.close()
    }

    @Test func `end for a reader whose task is cancelled`() async throws {
        let reader = try EventReader(hub(), after: nil, follows: true)
        _ = try await reader.next()
        let waiting = Task { try await reader.next() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        reader.close()
    }
}
