import HostProtocol
import Testing

@testable import HostService

@Suite struct `An attached client` {
    /// Attaches a client and hands both ends to the body.
    private func attached(
        limits: APILimits = APILimits(),
        _ body: @escaping @Sendable (RawClient, FakeAttachment, Served) async throws -> Void
    ) async throws {
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            #expect(try await client.attach().status == 101)
            let attachment = try #require(served.host.now.attachments.first)
            try await body(client, attachment, served)
        }
    }

    private func input(_ attachment: FakeAttachment) -> String {
        String(decoding: attachment.now.input, as: UTF8.self)
    }

    private func isDetached(_ attachment: FakeAttachment) -> Bool {
        attachment.now.detaches == 1
    }

    // MARK: The handshake

    @Test func `is accepted by the book`() async throws {
        try await Served.run { served in
            let answer = try await served.client().attach("/v1/sessions/sess1/attach?from=7&epoch=e1")
            #expect(answer.status == 101)
            #expect(answer.headers["upgrade"] == "websocket")
            #expect(answer.headers["connection"]?.lowercased() == "upgrade")
            // The example of RFC 6455, section 1.3.
            #expect(answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(served.host.calls == ["attach sess1 from=7 epoch=e1"])
        }
    }

    @Test func `is accepted on a connection that was used before`() async throws {
        try await Served.run { served in
            let client = try served.client()
            #expect(try await client.request("GET", "/v1/status").status == 200)
            #expect(try await client.attach().status == 101)
        }
    }

    @Test func `may send before it was accepted`() async throws {
        try await Served.run { served in
            let client = try served.client()
            var request = "GET /v1/sessions/sess1/attach HTTP/1.1\r\nHost: x\r\n"
            for (name, value) in RawClient.handshake { request += "\(name): \(value)\r\n" }
            try await client.send(Array((request + "\r\n").utf8) + RawClient.frame(2, Array("early".utf8)))
            #expect(try await client.response().status == 101)
            let attachment = try #require(served.host.now.attachments.first)
            try await served.eventually("the early bytes arrive") { self.input(attachment) == "early" }
        }
    }

    @Test(arguments: [
        (.sessionNotFound("d"), 404, "session_not_found"), (.sessionEnded("d"), 409, "session_ended"),
        (.terminalLost("d"), 409, "terminal_lost"),
    ] as [(HostFailure, Int, String)])
    func `of a session that cannot be attached gets the error instead`(
        failure: HostFailure, status: Int, code: String
    ) async throws {
        try await Served.run { served in
            served.host.set { $0.failure = failure }
            let client = try served.client()
            let answer = try await client.attach()
            #expect(answer.status == status)
            #expect(try answer.code == code)
            #expect(try await client.isAtEnd())
        }
    }

    @Test(arguments: [
        (["Upgrade": ""], 426, "upgrade_required"), (["Connection": "keep-alive"], 426, "upgrade_required"),
        (["Upgrade": "h2c"], 426, "upgrade_required"), (["Sec-WebSocket-Version": "8"], 426, "upgrade_required"),
        (["Sec-WebSocket-Key": "short"], 400, "invalid_request"), (["Origin": "http://evil.example"], 403, "forbidden"),
    ] as [([String: String], Int, String)])
    func `with a handshake that is not in order is refused`(
        change: [String: String], status: Int, code: String
    ) async throws {
        try await Served.run { served in
            let headers = RawClient.handshake.merging(change) { $1 }
            let answer = try await served.client().request("GET", "/v1/sessions/sess1/attach", headers: headers)
            #expect(answer.status == status)
            #expect(try answer.code == code)
            if status == 426 {
                #expect(answer.headers["upgrade"] == "websocket")
                #expect(answer.headers["sec-websocket-version"] == "13")
            }
            #expect(served.host.calls == [])
        }
    }

    @Test func `is not made by HEAD`() async throws {
        try await Served.run { served in
            let answer = try await served.client().request(
                "HEAD", "/v1/sessions/sess1/attach", headers: RawClient.handshake
            )
            #expect(answer.status == 426)
            #expect(served.host.calls == [])
        }
    }

    @Test func `that is gone before it was accepted is detached`() async throws {
        try await Served.run { served in
            for _ in 0..<20 {
                let client = try served.client()
                var request = "GET /v1/sessions/sess1/attach HTTP/1.1\r\nHost: x\r\n"
                for (name, value) in RawClient.handshake { request += "\(name): \(value)\r\n" }
                try await client.send(request + "\r\n")
                client.disconnect()
            }
            try await served.eventually("every attachment is detached once") {
                served.host.now.attachments.allSatisfy { $0.now.detaches == 1 }
            }
        }
    }

    // MARK: Output

    @Test func `gets messages as text and bytes as binary, in order`() async throws {
        try await attached { client, attachment, served in
            var hello = AttachMessage(.attached)
            hello.session = "sess1"
            hello.seq = 5
            attachment.emit(.message(hello))
            attachment.emit(.bytes([0, 255, 10]))
            attachment.emit(.message(AttachMessage(.synced)))
            let first = try await client.frame()
            #expect(first.opcode == 1)
            #expect(first.text == #"{"seq":5,"session":"sess1","type":"attached"}"#)
            #expect(try await client.frame() == RawClient.Frame(isFinal: true, opcode: 2, payload: [0, 255, 10]))
            #expect(try await client.frame().text == #"{"type":"synced"}"#)
            try await served.eventually("the bytes are acknowledged") {
                attachment.now.acknowledged == 3
            }
        }
    }

    @Test func `gets large output in frames of a bounded size`() async throws {
        try await attached { client, attachment, served in
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            attachment.emit(.bytes(bytes))
            var received: [UInt8] = []
            while received.count < bytes.count {
                let frame = try await client.frame()
                #expect(frame.payload.count <= 64 << 10)
                received += frame.payload
            }
            #expect(received == bytes)
            try await served.eventually("all bytes are acknowledged") {
                attachment.now.acknowledged == bytes.count
            }
        }
    }

    @Test func `is told the end and closed with 1000`() async throws {
        try await attached { client, attachment, served in
            var ended = AttachMessage(.ended)
            ended.exit = SessionDocument.Exit(code: 3, signal: nil)
            ended.endReason = .exited
            attachment.emit(.bytes(Array("bye".utf8)))
            attachment.emit(.message(ended))
            attachment.finish()
            #expect(try await client.frame().text == "bye")
            #expect(try await client.frame().text == #"{"end_reason":"exited","exit":{"code":3,"signal":null},"type":"ended"}"#)
            #expect(try await client.frame().closeCode == 1000)
            try await client.send(RawClient.frame(8, [0x03, 0xE8]))
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
        }
    }

    @Test func `whose attachment ends without an end is closed with 1001`() async throws {
        try await attached { client, attachment, _ in
            attachment.finish()
            let close = try await client.frame()
            #expect(close.closeCode == 1001)
        }
    }

    @Test func `that is cut is closed with 1013`() async throws {
        try await attached { client, attachment, served in
            attachment.emit(.cut)
            #expect(try await client.frame().closeCode == 1013)
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
        }
    }

    @Test func `that does not read holds no more than the limit and is cut`() async throws {
        var limits = APILimits()
        limits.closeGrace = .milliseconds(300)
        try await attached(limits: limits) { [limits] client, attachment, served in
            let part = [UInt8](repeating: 7, count: 1 << 20)
            for _ in 0..<20 { attachment.emit(.bytes(part)) }
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
            // It may still read what its own socket's buffers hold; then the connection is at its end.
            var received = 0
            do {
                while true { received += try await client.frame().payload.count }
            } catch {
                #expect(received <= limits.unsentBytes)
            }
            #expect(attachment.now.acknowledged < limits.unsentBytes)
        }
    }

    @Test func `that does not read gets all of a session's last bytes when it does`() async throws {
        var limits = APILimits()
        limits.closeGrace = .milliseconds(200)
        try await attached(limits: limits) { client, attachment, _ in
            let bytes = [UInt8](repeating: 7, count: 4 << 20)
            attachment.emit(.bytes(bytes))
            attachment.emit(.message(AttachMessage(.ended)))
            attachment.finish()
            try await Task.sleep(for: .seconds(1))
            var received = 0
            while received < bytes.count { received += try await client.frame().payload.count }
            #expect(try await client.frame().text == #"{"type":"ended"}"#)
            #expect(try await client.frame().closeCode == 1000)
        }
    }

    // MARK: Input

    @Test func `writes to the terminal what it sends, in order`() async throws {
        try await attached { client, attachment, served in
            for part in ["ls", " -l", "\n"] { try await client.sendFrame(2, part) }
            try await served.eventually("the input arrives") { self.input(attachment) == "ls -l\n" }
        }
    }

    @Test func `may send a message in fragments, with pings between`() async throws {
        try await attached { client, attachment, served in
            try await client.send(RawClient.frame(2, Array("a".utf8), isFinal: false))
            try await client.sendFrame(9, "beat")
            try await client.send(RawClient.frame(0, Array("b".utf8), isFinal: false))
            try await client.send(RawClient.frame(0, [], isFinal: false))
            try await client.send(RawClient.frame(0, Array("c".utf8)))
            #expect(try await client.frame() == RawClient.Frame(isFinal: true, opcode: 10, payload: Array("beat".utf8)))
            try await served.eventually("the input arrives") { self.input(attachment) == "abc" }
        }
    }

    @Test func `may send a message of the limit`() async throws {
        try await attached { client, attachment, served in
            try await client.send(RawClient.frame(2, [UInt8](repeating: 7, count: 1 << 20)))
            try await served.eventually("the input arrives") {
                attachment.now.input.count == 1 << 20
            }
        }
    }

    @Test func `resizes, and what it cannot mean is ignored`() async throws {
        try await attached { client, attachment, served in
            for text in [
                #"{"type":"resize","columns":80,"rows":25}"#, #"{"type":"resize","columns":0,"rows":0}"#,
                #"{"type":"resize","columns":80}"#, #"{"type":"resize","columns":1001,"rows":1}"#,
                #"{"type":"dance","steps":[1,2]}"#, #"{"type":"attached"}"#,
                #"{"type":"resize","columns":132,"rows":43,"new":true}"#,
            ] {
                try await client.sendFrame(1, text)
            }
            try await served.eventually("the last size arrives") {
                attachment.now.sizes
                    == [TerminalSize(columns: 80, rows: 25), TerminalSize(columns: 132, rows: 43)]
            }
        }
    }

    @Test func `whose input comes after the end is not troubled`() async throws {
        try await attached { client, attachment, _ in
            attachment.set { $0.sendFailure = HostFailure.sessionEnded("d") }
            try await client.sendFrame(2, "late")
            try await client.sendFrame(9, "beat")
            #expect(try await client.frame().opcode == 10)
            attachment.emit(.message(AttachMessage(.ended)))
            attachment.finish()
            #expect(try await client.frame().text == #"{"type":"ended"}"#)
            #expect(try await client.frame().closeCode == 1000)
        }
    }

    @Test func `whose input fails is told so, and so is the journal`() async throws {
        try await attached { client, attachment, served in
            attachment.set { $0.sendFailure = HostFailure.indexUnavailable("d") }
            try await client.sendFrame(2, "x")
            #expect(try await client.frame().closeCode == 1011)
            #expect(served.log.lines.count == 1)
        }
    }

    // While the terminal takes nothing, the client's bytes stay in its own socket.
    @Test func `is not read from while the terminal takes nothing`() async throws {
        try await attached { client, attachment, served in
            let gate = CallGate()
            attachment.set { $0.gate = gate }
            let part = RawClient.frame(2, [UInt8](repeating: 7, count: 256 << 10))
            let sending = Task {
                for _ in 0..<64 { try await client.send(part) }
            }
            try await Task.sleep(for: .seconds(1))
            #expect(attachment.now.input.isEmpty)
            gate.open()
            try await sending.value
            try await served.eventually("all of it arrives") {
                attachment.now.input.count == 64 * (256 << 10)
            }
        }
    }

    // MARK: Violations

    @Test(arguments: [
        ("an unmasked frame", RawClient.frame(2, [1], isMasked: false), 1002),
        ("a reserved bit", RawClient.frame(2, [1], reserved: 4), 1002),
        ("an unknown opcode", RawClient.frame(3, [1]), 1002),
        ("an unknown control opcode", RawClient.frame(11, [1]), 1002),
        ("a fragment of nothing", RawClient.frame(0, [1]), 1002),
        ("a message within a message", RawClient.frame(2, [1], isFinal: false) + RawClient.frame(2, [1]), 1002),
        ("a fragmented ping", RawClient.frame(9, [1], isFinal: false), 1002),
        ("a long ping", RawClient.frame(9, [UInt8](repeating: 1, count: 126)), 1002),
        ("a frame beyond the limit", Array(RawClient.frame(2, [UInt8](repeating: 1, count: (1 << 20) + 1)).prefix(64)), 1009),
        ("a length of 63 bits", [0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009),
        ("a length of 64 bits", [0x82, 0xFF, 0xFF, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], 1009),
        (
            "fragments beyond the limit",
            RawClient.frame(2, [UInt8](repeating: 1, count: 1 << 20), isFinal: false) + RawClient.frame(0, [1]), 1009
        ),
        ("text that is not UTF-8", RawClient.frame(1, [0xC3, 0x28]), 1007),
        ("control that is not JSON", RawClient.frame(1, Array("resize".utf8)), 1007),
        ("control without a type", RawClient.frame(1, Array("{}".utf8)), 1007),
        ("control with a wrong type", RawClient.frame(1, Array(#"{"type":"resize","columns":"a","rows":1}"#.utf8)), 1007),
        ("a close with half a code", RawClient.frame(8, [3]), 1002),
        ("a close with a code that may not be sent", RawClient.frame(8, [0x03, 0xED]), 1002),
    ] as [(String, [UInt8], Int)])
    func `that breaks the rules is closed with their code`(what: String, bytes: [UInt8], code: Int) async throws {
        try await attached { client, attachment, served in
            try await client.send(bytes)
            #expect(try await client.frame().closeCode == code, "\(what)")
            try await client.send(RawClient.frame(8, [0x03, 0xEA]))
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
        }
    }

    @Test func `that does not answer a close is closed all the same`() async throws {
        var limits = APILimits()
        limits.closeGrace = .milliseconds(200)
        try await attached(limits: limits) { client, _, _ in
            try await client.send(RawClient.frame(2, [1], isMasked: false))
            #expect(try await client.frame().closeCode == 1002)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `that pings and does not read piles nothing up`() async throws {
        try await attached { client, attachment, served in
            let pings = (0..<1000).flatMap { _ in RawClient.frame(9, [UInt8](repeating: 1, count: 125)) }
            for _ in 0..<30 { try await client.send(pings) }
            try await client.sendFrame(2, "x")
            try await served.eventually("the server still reads") { self.input(attachment) == "x" }
            // Of 30,000 pings some thousand fit into the socket's buffers; the latest is answered in any case.
            try await client.sendFrame(9, "last")
            var answers = 0
            while try await client.frame().text != "last" { answers += 1 }
            #expect(answers < 29_000)
        }
    }

    // MARK: Ends

    @Test(arguments: [[0x03, 0xE8], [], [0x0F, 0xA0] + Array("why".utf8)] as [[UInt8]])
    func `that closes is answered with its code`(payload: [UInt8]) async throws {
        try await attached { client, attachment, served in
            try await client.send(RawClient.frame(8, payload))
            #expect(try await client.frame() == RawClient.Frame(isFinal: true, opcode: 8, payload: Array(payload.prefix(2))))
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
        }
    }

    @Test(arguments: [true, false])
    func `that is lost is detached, also while the terminal takes nothing`(isStuck: Bool) async throws {
        try await attached { client, attachment, served in
            if isStuck {
                attachment.set { $0.gate = CallGate() }
                for _ in 0..<10 { try await client.sendFrame(2, "stuck") }
            }
            client.disconnect()
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
        }
    }

    @Test func `that closes its sending half is detached`() async throws {
        try await attached { client, attachment, served in
            client.shutdownWrite()
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
        }
    }

    @Test func `is closed with 1001 when the service stops`() async throws {
        try await attached { client, attachment, served in
            await served.stop()
            #expect(try await client.frame().closeCode == 1001)
            try await client.send(RawClient.frame(8, [0x03, 0xE9]))
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { self.isDetached(attachment) }
        }
    }

    @Test func `that does not react is closed when the service stops`() async throws {
        var limits = APILimits()
        limits.shutdownGrace = .milliseconds(300)
        try await attached(limits: limits) { client, _, served in
            await served.stop()
            let close = try await client.frame()
            #expect(close.closeCode == 1001)
            #expect(try await client.isAtEnd())
        }
    }
}
