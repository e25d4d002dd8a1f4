import HostProtocol
import Testing

@testable import HostService

@Suite struct `An attached client` {
    @Test func `that only looks gets all, and nothing that it sends arrives`() async throws {
        try await Served.run { served in
            let client = try served.client()
            #expect(
                try await client.attach("/v1/sessions/sess1/attach?read_only&columns=80&rows=24").status == 101)
            let attachment = try #require(served.host.now.attachments.first)
            #expect(served.host.now.calls.last == "attach sess1 from=- epoch=-", "without a window")
            try await client.send(RawClient.frame(2, Array("rm -rf\r".utf8)))
            try await client.send(RawClient.frame(1, Array(#"{"type":"resize","columns":80,"rows":24}"#.utf8)))
            // What was sent before it was read before it.
            try await client.send(RawClient.frame(9, [1]))
            #expect(try await client.frame().opcode == 10)
            attachment.emit(Array("still here".utf8))
            #expect(try await client.frame().text == "still here")
            try await client.send(RawClient.frame(8, [0x03, 0xE8]))
            #expect(try await client.frame().closeCode == 1000)
            try await served.eventually("the attachment is detached") { attachment.isDetached }
            #expect(attachment.now.input.isEmpty)
            #expect(attachment.now.sizes.isEmpty)
        }
    }

    // MARK: Output

    @Test func `gets messages as text and bytes as binary, in order`() async throws {
        try await Served.attached { client, attachment, served in
            var hello = AttachMessage(.attached)
            hello.session = "sess1"
            hello.seq = 5
            attachment.emit(.message(hello))
            attachment.emit([0, 255, 10])
            attachment.emit(.message(AttachMessage(.synced)))
            let first = try await client.frame()
            #expect(first.opcode == 1)
            #expect(first.text == #"{"seq":5,"session":"sess1","type":"attached"}"#)
            #expect(try await client.frame() == RawClient.Frame(isFinal: true, opcode: 2, payload: [0, 255, 10]))
            #expect(try await client.frame().text == #"{"type":"synced"}"#)
        }
    }

    @Test func `gets large output in frames of a bounded size`() async throws {
        try await Served.attached { client, attachment, served in
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            attachment.emit(bytes)
            var received: [UInt8] = []
            while received.count < bytes.count {
                let frame = try await client.frame()
                #expect(frame.payload.count <= 64 << 10)
                received += frame.payload
            }
            #expect(received == bytes)
        }
    }

    @Test func `is told the end and closed with 1000`() async throws {
        try await Served.attached { client, attachment, served in
            var ended = AttachMessage(.ended)
            ended.exit = SessionDocument.Exit(code: 3, signal: nil)
            ended.endReason = .exited
            attachment.emit(Array("bye".utf8))
            attachment.emit(.message(ended))
            attachment.finish()
            #expect(try await client.frame().text == "bye")
            #expect(
                try await client.frame().text
                    == #"{"end_reason":"exited","exit":{"code":3,"signal":null},"type":"ended"}"#)
            #expect(try await client.frame().closeCode == 1000)
            try await client.send(RawClient.frame(8, [0x03, 0xE8]))
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    @Test func `whose attachment ends without an end is closed with 1001`() async throws {
        try await Served.attached { client, attachment, _ in
            attachment.finish()
            let close = try await client.frame()
            #expect(close.closeCode == 1001)
        }
    }

    @Test func `that is cut is closed with 1013`() async throws {
        var limits = APILimits()
        limits.cutGrace = .milliseconds(200)
        try await Served.attached(limits: limits) { client, attachment, served in
            attachment.emit(.cut)
            #expect(try await client.frame().closeCode == 1013)
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    // Symptom: keys typed at a slow terminal while its session flooded were lost, Ctrl-C among them. Cause: who was cut as too slow was not
    // heard any more, and learns of it only behind all that it has not read.
    @Test func `that is cut is heard until it answers the close`() async throws {
        try await Served.attached { client, attachment, served in
            attachment.emit(.cut)
            #expect(try await client.frame().closeCode == 1013)
            for part in ["still ", "typed"] { try await client.sendFrame(2, part) }
            try await client.send(RawClient.frame(8, [0x03, 0xF5]))
            try await served.eventually("the attachment is detached") { attachment.isDetached }
            #expect(attachment.text == "still typed")
        }
    }

    @Test func `that is cut and breaks the rules is disconnected`() async throws {
        try await Served.attached { client, attachment, served in
            attachment.emit(.cut)
            #expect(try await client.frame().closeCode == 1013)
            try await client.sendFrame(0, "a continuation of nothing")
            #expect(try await client.isAtEnd())
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    @Test func `that does not read is given no more than its socket can be given soon (I8)`() async throws {
        try await Served.attached { client, attachment, served in
            let part = [UInt8](repeating: 7, count: 1 << 20)
            for _ in 0..<20 { attachment.emit(part) }
            try await served.eventually("something is taken") { attachment.now.taken > 0 }
            _ = try await client.frame()
            // What its own socket's buffers hold, and a little more.
            #expect(attachment.now.taken <= 2 << 20)
            var received = 64 << 10
            while received < 20 << 20 { received += try await client.frame().payload.count }
            #expect(received == 20 << 20)
        }
    }

    @Test func `that reads nothing of what is left of a session is given up (I8)`() async throws {
        var limits = APILimits()
        limits.clientWait = .seconds(1)
        try await Served.attached(limits: limits) { client, attachment, served in
            attachment.emit([UInt8](repeating: 7, count: 4 << 20))
            attachment.finish()
            try await served.eventually("the attachment is detached") { attachment.isDetached }
        }
    }

    @Test func `that does not read gets all of a session's last bytes when it does`() async throws {
        var limits = APILimits()
        limits.closeGrace = .milliseconds(200)
        try await Served.attached(limits: limits) { client, attachment, _ in
            let bytes = [UInt8](repeating: 7, count: 4 << 20)
            attachment.emit(bytes)
            attachment.emit(.message(AttachMessage(.ended)))
            attachment.finish()
            try await Task.sleep(for: .seconds(1))
            var received = 0
            while received < bytes.count { received += try await client.frame().payload.count }
            #expect(try await client.frame().text == #"{"type":"ended"}"#)
            #expect(try await client.frame().closeCode == 1000)
        }
    }

    // The thread that has the output and the event loop write into the same socket.
    @Test func `gets whole frames in order, also when it sends pings and reads slowly`() async throws {
        try await Served.attached { client, attachment, served in
            let bytes = (0..<3 << 20).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
            let session = Task.detached {
                var rest = bytes[...]
                var seed: UInt64 = 7
                while !rest.isEmpty {
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1
                    let count = seed >> 59 == 0 ? 300_000 : Int(seed >> 51)
                    attachment.emit(Array(rest.prefix(count)))
                    rest = rest.dropFirst(count)
                    if seed >> 60 == 1 { try await Task.sleep(for: .milliseconds(1)) }
                }
            }
            var received: [UInt8] = []
            received.reserveCapacity(bytes.count)
            var pings = 0
            var pongs = 0
            // The last ping is answered at the latest when nothing else is to be sent.
            while received.count < bytes.count || pongs == 0 {
                if received.count >> 14 > pings {
                    pings += 1
                    try await client.sendFrame(9, "\(pings)")
                }
                let frame = try await client.frame()
                if frame.opcode == 10 { pongs += 1 } else { received += frame.payload }
            }
            try await session.value
            #expect(received == bytes)
        }
    }

    // MARK: Input

    @Test func `writes to the terminal what it sends, in order`() async throws {
        try await Served.attached { client, attachment, served in
            for part in ["ls", " -l", "\n"] { try await client.sendFrame(2, part) }
            try await served.eventually("the input arrives") { attachment.text == "ls -l\n" }
        }
    }

    @Test func `writes in order when some of it has to wait and some has not`() async throws {
        try await Served.attached { client, attachment, served in
            var expected = ""
            for round in 0..<200 {
                attachment.set { $0.takesAtOnce = round % 3 != 0 }
                try await client.sendFrame(2, "<\(round)>")
                expected += "<\(round)>"
            }
            let all = expected
            try await served.eventually("all of it arrives") { attachment.now.input.count == all.utf8.count }
            #expect(attachment.text == all)
        }
    }

    @Test func `may send a message in fragments, with pings between`() async throws {
        try await Served.attached { client, attachment, served in
            try await client.send(RawClient.frame(2, Array("a".utf8), isFinal: false))
            try await client.sendFrame(9, "beat")
            try await client.send(RawClient.frame(0, Array("b".utf8), isFinal: false))
            try await client.send(RawClient.frame(0, [], isFinal: false))
            try await client.send(RawClient.frame(0, Array("c".utf8)))
            #expect(try await client.frame() == RawClient.Frame(isFinal: true, opcode: 10, payload: Array("beat".utf8)))
            try await served.eventually("the input arrives") { attachment.text == "abc" }
        }
    }

    @Test func `may send a message of the limit`() async throws {
        try await Served.attached { client, attachment, served in
            try await client.send(RawClient.frame(2, [UInt8](repeating: 7, count: 1 << 20)))
            try await served.eventually("the input arrives") {
                attachment.now.input.count == 1 << 20
            }
        }
    }

    // Symptom: a program read a key before it was told the size that the client had sent before it. Cause: bytes took the way of the event
    // loop past what waited for the connection's task.
    @Test func `is heard in the order in which it speaks`() async throws {
        try await Served.attached { client, attachment, served in
            for number in 1...50 {
                let resize = #"{"type":"resize","columns":\#(number),"rows":24}"#
                try await client.send(RawClient.frame(1, Array(resize.utf8)) + RawClient.frame(2, [UInt8(number)]))
            }
            try await served.eventually("all has come") { attachment.now.input.count == 50 }
            #expect(attachment.now.sizes.map(\.columns) == Array(1...50))
            #expect(attachment.now.inputAtSize == Array(0..<50))
        }
    }

    @Test func `resizes, and what it cannot mean is ignored`() async throws {
        try await Served.attached { client, attachment, served in
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
        try await Served.attached { client, attachment, _ in
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

    @Test func `waits while others fill the terminal`() async throws {
        try await Served.attached { client, attachment, served in
            attachment.set { $0.sendFailure = HostFailure.inputFull("d") }
            try await client.send(RawClient.frame(2, [UInt8](repeating: 7, count: 200_000)))
            try await client.sendFrame(2, "end")
            try await Task.sleep(for: .milliseconds(300))
            #expect(attachment.now.input.isEmpty)
            attachment.set { $0.sendFailure = nil }
            try await served.eventually("all of it arrives") { attachment.now.input.count == 200_003 }
            #expect(attachment.text.hasSuffix("end"))
            #expect(served.log.lines == [])
        }
    }

    @Test func `whose input fails is told so, and so is the journal`() async throws {
        try await Served.attached { client, attachment, served in
            attachment.set { $0.sendFailure = HostFailure.indexUnavailable("d") }
            try await client.sendFrame(2, "x")
            #expect(try await client.frame().closeCode == 1011)
            #expect(served.log.lines.count == 1)
        }
    }

    // While the terminal takes nothing, the client's bytes stay in its own socket.
    @Test func `is not read from while the terminal takes nothing`() async throws {
        try await Served.attached { client, attachment, served in
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
}
