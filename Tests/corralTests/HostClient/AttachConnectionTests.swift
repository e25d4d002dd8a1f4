import HostClient
import HostProtocol
import NIOCore
import NIOWebSocket
import Testing

@Suite(.timeLimit(.minutes(1))) struct `An attachment` {
    private func events(_ connection: AttachConnection) async -> [AttachEvent] {
        var events: [AttachEvent] = []
        for await event in connection.events { events.append(event) }
        return events
    }

    @Test func `hands over messages and bytes in order, and the code of the close last`() async throws {
        let server = try await AttachServer { _ in
            [
                AttachServer.text(#"{"type":"attached","session":"s9x1","epoch":"e1","seq":5,"mode":"tail"}"#),
                AttachServer.bytes("hello"), AttachServer.bytes("wor", isLast: false),
                AttachServer.bytes("ld", opcode: .continuation), AttachServer.close(1013),
            ]
        }
        defer { server.stop() }
        let connection = try await HostClient(socketPath: server.path).attach(to: "s9x1", from: 5, epoch: "e1")
        var attached = AttachMessage(.attached)
        attached.session = "s9x1"
        attached.epoch = "e1"
        attached.seq = 5
        attached.mode = .tail
        #expect(
            await events(connection) == [
                .message(attached), .bytes(Array("hello".utf8)), .bytes(Array("wor".utf8)), .bytes(Array("ld".utf8)),
                .closed(1013),
            ]
        )
        #expect(server.requests == ["/v1/sessions/s9x1/attach?from=5&epoch=e1"])
    }

    @Test func `passes over a message that it does not know`() async throws {
        let server = try await AttachServer { _ in
            [AttachServer.text(#"{"type":"weather"}"#), AttachServer.bytes("x"), AttachServer.close(1000)]
        }
        defer { server.stop() }
        let connection = try await HostClient(socketPath: server.path).attach(to: "s9x1")
        #expect(await events(connection) == [.bytes(Array("x".utf8)), .closed(1000)])
    }

    @Test func `ends with 1006 when it is cut off`() async throws {
        let server = try await AttachServer { _ in [AttachServer.bytes("x")] }
        defer { server.stop() }
        let connection = try await HostClient(socketPath: server.path).attach(to: "s9x1")
        let iterator = connection.events.makeAsyncIterator()
        #expect(await iterator.next() == .bytes(Array("x".utf8)))
        server.cut()
        #expect(await iterator.next() == .closed(1006))
        #expect(await iterator.next() == nil)
        await #expect(throws: HostClientFailure.disconnected(request: "GET /v1/sessions/s9x1/attach")) {
            try await connection.send([1])
        }
    }

    @Test func `sends input in frames that the host takes, sizes as text, and a close`() async throws {
        let server = try await AttachServer { _ in [] }
        defer { server.stop() }
        let connection = try await HostClient(socketPath: server.path).attach(to: "s9x1")
        try await connection.send([UInt8](repeating: 7, count: 100_000))
        try await connection.resize(to: TerminalSize(columns: 80, rows: 24))
        async let rest = events(connection)
        await connection.close()
        var received: [AttachServer.Received] = []
        for await frame in server.received {
            received.append(frame)
            if case .close = frame { break }
        }
        #expect(
            received == [
                .binary([UInt8](repeating: 7, count: 65_536)), .binary([UInt8](repeating: 7, count: 34_464)),
                .text(#"{"columns":80,"rows":24,"type":"resize"}"#), .close(1000),
            ]
        )
        #expect(await rest == [.closed(1000)])
    }

    @Test func `answers a ping`() async throws {
        let server = try await AttachServer { _ in
            [WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer(string: "are you there"))]
        }
        defer { server.stop() }
        let connection = try await HostClient(socketPath: server.path).attach(to: "s9x1")
        var iterator = server.received.makeAsyncIterator()
        #expect(await iterator.next() == .pong(Array("are you there".utf8)))
        await connection.close()
    }

    @Test func `loses nothing to a reader that is slow`() async throws {
        let server = try await AttachServer { _ in
            (0..<2000).map { AttachServer.bytes("\($0)\n") } + [AttachServer.close(1000)]
        }
        defer { server.stop() }
        let connection = try await HostClient(socketPath: server.path).attach(to: "s9x1")
        var text: [UInt8] = []
        var count = 0
        for await event in connection.events {
            if case .bytes(let bytes) = event { text += bytes }
            count += 1
            if count % 400 == 0 { try await Task.sleep(for: .milliseconds(10)) }
        }
        #expect(String(decoding: text, as: UTF8.self) == (0..<2000).map { "\($0)\n" }.joined())
    }

    @Test func `is refused in the host's words`() async throws {
        let server = try await CannedServer(
            status: "404 Not Found", type: "application/problem+json",
            body:
                #"{"type":"about:blank","title":"Not Found","status":404,"code":"session_not_found","detail":"no s9x1"}"#
        )
        defer { server.stop() }
        await #expect(
            throws: HostClientFailure.problem(
                ProblemDocument(title: "Not Found", status: 404, code: "session_not_found", detail: "no s9x1")
            )
        ) { try await HostClient(socketPath: server.path).attach(to: "s9x1") }
    }

    @Test func `gives up on a host that does not answer`() async throws {
        let server = try await CannedServer { _ in .silence }
        defer { server.stop() }
        await #expect(
            throws: HostClientFailure.timedOut(request: "GET /v1/sessions/s9x1/attach", after: .milliseconds(80))
        ) { try await HostClient(socketPath: server.path).attach(to: "s9x1", timeout: .milliseconds(80)) }
    }
}
