import HostProtocol
import Testing

@testable import HostService

@Suite struct `A client of a WebSocket` {
    // MARK: Of one that breaks the rules

    @Test(
        arguments: [
            ("an unmasked frame", RawClient.frame(2, [1], isMasked: false), 1002),
            ("a reserved bit", RawClient.frame(2, [1], reserved: 4), 1002),
            ("an unknown opcode", RawClient.frame(3, [1]), 1002),
            ("an unknown control opcode", RawClient.frame(11, [1]), 1002),
            ("a fragment of nothing", RawClient.frame(0, [1]), 1002),
            ("a message within a message", RawClient.frame(2, [1], isFinal: false) + RawClient.frame(2, [1]), 1002),
            ("a fragmented ping", RawClient.frame(9, [1], isFinal: false), 1002),
            ("a long ping", RawClient.frame(9, [UInt8](repeating: 1, count: 126)), 1002),
            (
                "a frame beyond the limit",
                Array(RawClient.frame(2, [UInt8](repeating: 1, count: (1 << 20) + 1)).prefix(64)), 1009
            ),
            ("a length of 63 bits", [0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009),
            ("a length of 64 bits", [0x82, 0xFF, 0xFF, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009),
            (
                "fragments beyond the limit",
                RawClient.frame(2, [UInt8](repeating: 1, count: 1 << 20), isFinal: false) + RawClient.frame(0, [1]),
                1009
            ),
            ("text that is not UTF-8", RawClient.frame(1, [0xC3, 0x28]), 1007),
            ("control that is not JSON", RawClient.frame(1, Array("resize".utf8)), 1007),
            ("control without a type", RawClient.frame(1, Array("{}".utf8)), 1007),
            (
                "control with a wrong type",
                RawClient.frame(1, Array(#"{"type":"resize","columns":"a","rows":1}"#.utf8)), 1007
            ),
            ("a close with half a code", RawClient.frame(8, [3]), 1002),
            ("a close with a code that may not be sent", RawClient.frame(8, [0x03, 0xED]), 1002),
        ] as [(String, [UInt8], Int)])
    func `that breaks the rules is closed with their code`(what: String, bytes: [UInt8], code: Int) async throws {
        try await Served.attached { client, attachment, served in
            try await client.send(bytes)
            #expect(try await client.frame().closeCode == code, "\(what)")
            try await client.send(RawClient.frame(8, [0x03, 0xEA]))
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    @Test func `that does not answer a close is closed all the same`() async throws {
        var limits = APILimits()
        limits.closeGrace = .milliseconds(200)
        try await Served.attached(limits: limits) { client, _, _ in
            try await client.send(RawClient.frame(2, [1], isMasked: false))
            #expect(try await client.frame().closeCode == 1002)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `that pings and does not read piles nothing up`() async throws {
        try await Served.attached { client, attachment, served in
            let pings = (0..<1000).flatMap { _ in RawClient.frame(9, [UInt8](repeating: 1, count: 125)) }
            for _ in 0..<30 { try await client.send(pings) }
            try await client.sendFrame(2, "x")
            try await served.eventually("the server still reads") { attachment.text == "x" }
            // Of 30,000 pings some thousand fit into the socket's buffers; the latest is answered in any case.
            try await client.sendFrame(9, "last")
            var answers = 0
            while try await client.frame().text != "last" { answers += 1 }
            #expect(answers < 29_000)
        }
    }

    // MARK: Of others

    @Test(arguments: [[0x03, 0xE8], [], [0x0F, 0xA0] + Array("why".utf8)] as [[UInt8]])
    func `that closes is answered with its code`(payload: [UInt8]) async throws {
        try await Served.attached { client, attachment, served in
            try await client.send(RawClient.frame(8, payload))
            #expect(
                try await client.frame() == RawClient.Frame(isFinal: true, opcode: 8, payload: Array(payload.prefix(2)))
            )
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    @Test(arguments: [true, false])
    func `that is lost is detached, also while the terminal takes nothing`(isStuck: Bool) async throws {
        var limits = APILimits()
        limits.closeGrace = .milliseconds(300)
        limits.connections = 1
        limits.refusedConnections = 0
        try await Served.attached(limits: limits) { client, attachment, served in
            let gate = CallGate()
            if isStuck {
                attachment.set { $0.gate = gate }
                for _ in 0..<10 { try await client.sendFrame(2, "stuck") }
            }
            client.disconnect()
            try await served.eventually("the attachment is detached") { attachment.isDetached }
            try await served.eventually("its place is free") {
                do {
                    return try await served.client().request("GET", "/v1/status").status == 200
                } catch is RawClient.Failure {
                    return false
                }
            }
            gate.open()
        }
    }

    // The client types the last line and closes. Its connection is gone before the terminal takes the line.
    @Test(arguments: [true, false])
    func `that goes has all that it sent written before it is detached`(saysGoodbye: Bool) async throws {
        try await Served.attached { client, attachment, served in
            let gate = CallGate()
            attachment.set { $0.gate = gate }
            for part in ["make", " ", "clean\n"] { try await client.sendFrame(2, part) }
            if saysGoodbye {
                try await client.send(RawClient.frame(8, [0x03, 0xE8]))
                #expect(try await client.frame().closeCode == 1000)
                #expect(try await client.isAtEnd())
            } else {
                client.disconnect()
                try await Task.sleep(for: .milliseconds(300))
            }
            #expect(!attachment.isDetached)
            gate.open()
            try await served.eventually("the attachment is detached") { attachment.isDetached }
            #expect(attachment.text == "make clean\n")
        }
    }

    @Test func `that closes its sending half is detached`() async throws {
        try await Served.attached { client, attachment, served in
            client.shutdownWrite()
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    @Test func `is closed with 1001 when the service stops`() async throws {
        try await Served.attached { client, attachment, served in
            await served.stop()
            #expect(try await client.frame().closeCode == 1001)
            try await client.send(RawClient.frame(8, [0x03, 0xE9]))
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    // Symptom: a client that was behind when the host stopped saw "the host has gone" instead of its session's end. Cause: the
    // service's stop closed what was still to give out the rest of a session that had ended.
    @Test func `that is behind gets the rest and the end of its session although the service stops`() async throws {
        var limits = APILimits()
        limits.shutdownGrace = .seconds(60)
        try await Served.attached(limits: limits) { client, attachment, served in
            let output = [UInt8](repeating: UInt8(ascii: "x"), count: 4 << 20)
            attachment.emit(output)
            try await served.eventually("the socket is full") { attachment.now.taken > 256 << 10 }
            attachment.emit(.message(AttachMessage(.ended)))
            attachment.finish()
            let other = try served.client()
            #expect(try await other.attach().status == 101)
            await served.stop()
            #expect(try await other.frame().closeCode == 1001, "its session lives on")
            var received = 0
            var frame = try await client.frame()
            while frame.opcode == 2 {
                received += frame.payload.count
                frame = try await client.frame()
            }
            #expect(received == output.count)
            #expect(frame.text.contains("ended"))
            #expect(try await client.frame().closeCode == 1000)
        }
    }

    @Test func `that does not react is closed when the service stops`() async throws {
        var limits = APILimits()
        limits.shutdownGrace = .milliseconds(300)
        try await Served.attached(limits: limits) { client, _, served in
            await served.stop()
            let close = try await client.frame()
            #expect(close.closeCode == 1001)
            #expect(try await client.isAtEnd())
        }
    }
}
