import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TerminalScreen
import TestSupport
import Testing

/// Through all of it: a program on a terminal, the ring, HTTP and WebSocket on the socket, the library of the command line. Every
/// byte of the output is known from its number.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A client that attaches` {
    /// A session that prints as many counted lines as it is told.
    private struct Printer {
        let client: HostClient
        let session: String
        let epoch: String
        private(set) var lines: UInt64 = 100

        var end: UInt64 { lines * CountedLines.lineLength }

        init(_ fixture: Fixture) async throws {
            let workspace = try await fixture.workspace()
            client = fixture.client
            session = try await client.createSession(
                in: workspace.id, CreateSessionRequest(command: CountedLines.onDemand)
            ).document.id
            var output = try await client.output(of: session)
            while output.next < lines * CountedLines.lineLength {
                try await Task.sleep(for: .milliseconds(10))
                output = try await client.output(of: session)
            }
            epoch = output.epoch
        }

        /// Has it print.
        mutating func print(_ count: UInt64) async throws {
            lines += count
            try await client.sendInput(Array("\(count)\n".utf8), to: session)
        }

        /// Has it print, and waits until the host has read all of it.
        mutating func printAll(_ count: UInt64, _ fixture: Fixture) async throws {
            try await print(count)
            let end = end
            try await fixture.eventually("\(count) lines more") { try await client.output(of: session).next == end }
        }

        /// A client that wants all of it.
        func follower() -> FollowingClient { FollowingClient(client, session, epoch: epoch) }
    }

    @Test func `again and again gets every byte once, wherever it was cut`() async throws {
        try await Fixture.run(arguments: ["--ring-size", "256K"]) { fixture in
            var printer = try await Printer(fixture)
            let follower = printer.follower()
            for round in 1...10 as ClosedRange<UInt64> {
                let before = printer.end
                // More than comes in one piece.
                try await printer.print(12_000)
                // Cut while it comes, and again when nothing is missing.
                try await follower.run(until: before + round * 11_999)
                try await follower.run(until: printer.end)
                #expect(follower.now.next == printer.end)
            }
            #expect(follower.now.fault == nil)
            #expect(follower.now.bytes == printer.end)
            #expect(follower.now.reanchored == 0)
            #expect(follower.now.exact >= 11)
        }
    }

    @Test func `after 105 KB that it missed gets these and no others, and then live ones`() async throws {
        try await Fixture.run(arguments: ["--ring-size", "256K"]) { fixture in
            var printer = try await Printer(fixture)
            let follower = printer.follower()
            try await follower.run(until: 1100)
            try await printer.printAll(105_000 / CountedLines.lineLength + 1, fixture)
            let missed = printer.end
            async let following: Void = follower.run(until: missed + 11_000)
            try await fixture.eventually("what was missed has come") { follower.now.next ?? 0 >= missed }
            try await printer.print(1000)
            try await following
            #expect(follower.now.fault == nil)
            #expect(follower.now.bytes == missed + 11_000)
            #expect(follower.now.exact == 2)
            #expect(follower.now.reanchored == 0)
        }
    }

    @Test func `after more than the ring holds gets a picture of the screen, and then every live byte`() async throws {
        try await Fixture.run(arguments: ["--ring-size", "64K"]) { fixture in
            var printer = try await Printer(fixture)
            let follower = printer.follower()
            try await follower.run(until: 1100)
            try await printer.printAll(30_000, fixture)
            let missed = printer.end
            async let following: Void = follower.run(until: missed + 11_000)
            try await fixture.eventually("it is attached again") { follower.now.reanchored == 1 }
            #expect(follower.now.next == missed)
            try await printer.print(1000)
            try await following
            let seen = follower.now
            #expect(seen.fault == nil)
            #expect(seen.bytes == 1100 + 11_000, "what was sent before, and what came after the picture")
            #expect(seen.exact == 1)
            let drawn = Screen(columns: 120, rows: 32)
            drawn.feed(seen.repaint)
            #expect(drawn.text() == (30_069..<30_100).map { CountedLines.text($0) } + [""])
        }
    }

    @Test func `and takes a kilobyte a second is cut, and neither the terminal nor nine others wait (I8)`() async throws
    {
        try await Fixture.run(arguments: ["--ring-size", "64K"]) { fixture in
            var printer = try await Printer(fixture)
            let slow = try SlowClient(
                path: fixture.host.place.socket, session: printer.session, epoch: printer.epoch)
            let reading = Task { try await slow.run() }
            let others = (0..<9).map { _ in printer.follower() }
            let following = others.map { other in Task { try await other.run() } }
            try await fixture.eventually("the others are attached") { others.allSatisfy { $0.now.exact == 1 } }
            // A megabyte at a time, so that the others, which share two processors with the host, are never far behind themselves.
            for _ in 1...12 {
                try await printer.print(90_000)
                let end = printer.end
                try await fixture.eventually("everybody else has a megabyte more") {
                    others.allSatisfy { $0.now.next == end || $0.now.fault != nil }
                }
            }
            #expect(slow.bytesTaken < 256 << 10)
            for other in others {
                #expect(other.now.fault == nil)
                #expect(other.now.bytes == printer.end)
                #expect(other.now.exact == 1, "it was never cut")
            }
            slow.hurry()
            let end = try await reading.value
            #expect(end.closeCode == 1013)
            #expect(CountedLines.firstFault(in: end.output, from: 0) == nil)
            #expect(end.output.count < printer.end, "the rest is not kept for it")
            // It may come back, and is served like anybody else.
            let back = FollowingClient(fixture.client, printer.session)
            async let live: Void = back.run(until: printer.end + 11_000)
            try await fixture.eventually("it is back") { back.now.next == printer.end }
            try await printer.print(1000)
            try await live
            #expect(back.now.fault == nil)
            for task in following { task.cancel() }
            for task in following { try await task.value }
        }
    }

    @Test(arguments: [("64K", false), ("32M", true)])
    func `again after it was cut as too slow goes on where it was if that is held, and else from a picture`(
        ring: String, isHeld: Bool
    ) async throws {
        try await Fixture.run(arguments: ["--ring-size", ring]) { fixture in
            var printer = try await Printer(fixture)
            let slow = try SlowClient(
                path: fixture.host.place.socket, session: printer.session, epoch: printer.epoch)
            let reading = Task { try await slow.run() }
            try await fixture.eventually("it is attached") {
                try await fixture.client.session(printer.session).attached == 1
            }
            // More than a client may be behind by what it has taken, what waits in its socket, and half of the larger ring.
            try await printer.printAll(1_800_000, fixture)
            slow.hurry()
            let cut = try await reading.value
            #expect(cut.closeCode == 1013)
            #expect(CountedLines.firstFault(in: cut.output, from: 0) == nil)
            let next = UInt64(cut.output.count)
            #expect(next > 0)
            #expect(next + 8 << 20 < printer.end, "it was that far behind")
            #expect(try await (fixture.client.output(of: printer.session).from <= next) == isHeld)

            let missed = printer.end
            let back = FollowingClient(fixture.client, printer.session, from: next, epoch: printer.epoch)
            async let following: Void = back.run(until: missed + 11_000)
            try await fixture.eventually("it has what it is given of what was missed") { back.now.next == missed }
            #expect(back.now.mode == (isHeld ? .exact : .reanchor))
            #expect(back.now.exact == (isHeld ? 1 : 0))
            #expect(back.now.reanchored == (isHeld ? 0 : 1))
            #expect(back.now.bytes == (isHeld ? missed - next : 0))
            try await printer.print(1000)
            try await following
            let seen = back.now
            #expect(seen.fault == nil)
            #expect(seen.closes.isEmpty, "it is quick enough now")
            #expect(seen.epoch == printer.epoch)
            #expect(seen.next == missed + 11_000)
            #expect(seen.bytes == (isHeld ? missed - next : 0) + 11_000)
            if isHeld {
                #expect(seen.repaint.isEmpty)
            } else {
                let drawn = Screen(columns: 120, rows: 32)
                drawn.feed(seen.repaint)
                let last = missed / CountedLines.lineLength
                #expect(drawn.text() == (last - 31..<last).map { CountedLines.text($0) } + [""])
            }
        }
    }

    /// What no client may send, and the code that it gets for it. The payloads would have the session print, if they got there.
    private static let garbage: [(what: String, bytes: [UInt8], code: Int)] = [
        ("no frame at all", Array("9\n9\n9\n9\n9\n9\n9\n9\n".utf8), 1002),
        ("an unmasked frame", [0x82, 2] + Array("9\n".utf8), 1002),
        ("an unknown opcode", frame(3, "9\n"), 1002),
        ("a reserved bit", frame(0x42, "9\n"), 1002),
        ("a fragment of nothing", frame(0, "9\n"), 1002),
        ("a message of more than a mebibyte", [0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0], 1009),
        ("a length of 64 bits", [0x82, 0xff, 0xff, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009),
        ("text that is no JSON", frame(1, "9\n"), 1007),
    ]

    private static func frame(_ opcode: UInt8, _ payload: String) -> [UInt8] {
        // The mask is zero, and leaves the payload as it is.
        [0x80 | opcode, 0x80 | UInt8(payload.utf8.count), 0, 0, 0, 0] + Array(payload.utf8)
    }

    @Test func `and sends garbage is dropped, and nobody else notices`() async throws {
        try await Fixture.run(arguments: ["--ring-size", "64K"]) { fixture in
            var printer = try await Printer(fixture)
            let other = printer.follower()
            let following = Task { try await other.run() }
            for (what, bytes, code) in Self.garbage {
                let socket = try AttachSocket.open(
                    host: fixture.client.address, session: printer.session, timeout: .seconds(30))
                try await printer.print(1000)
                #expect(send(socket.descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
                var found: Int?
                try await fixture.eventually("\(what): it is dropped") {
                    socket.receive { if case .closed(let code) = $0 { found = code } }
                    return found != nil
                }
                #expect(found == code, "\(what)")
                let end = printer.end
                try await fixture.eventually("\(what): the other has what came meanwhile") {
                    other.now.next == end || other.now.fault != nil
                }
            }
            try await printer.print(1000)
            let end = printer.end
            try await fixture.eventually("the session goes on") { other.now.next == end || other.now.fault != nil }
            #expect(other.now.fault == nil)
            #expect(other.now.bytes == end)
            #expect(other.now.exact == 1, "its connection is the first one")
            try await fixture.eventually("the others are gone") {
                try await fixture.client.session(printer.session).attached == 1
            }
            #expect(try await fixture.client.output(of: printer.session).next == end, "nothing of it was typed")
            following.cancel()
            try await following.value
        }
    }
}
