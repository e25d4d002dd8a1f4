import CgroupPty
import Glibc
import HostClient
import HostProtocol
import NIOCore
import NIOWebSocket
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct `An attachment` {
    private func client(
        _ path: String, from: UInt64? = nil, epoch: String? = nil, timeout: Duration = .seconds(30)
    ) -> AttachedClient {
        AttachedClient(HostClient(socketPath: path), "s9x1", from: from, epoch: epoch, timeout: timeout)
    }

    private func events(_ client: AttachedClient) async throws -> [AttachedClient.Event] {
        let events = Locked<[AttachedClient.Event]>([])
        try await client.run { event in
            events.withLock { $0.append(event) }
            return false
        }
        return events.withLock { $0 }
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
        var attached = AttachMessage(.attached)
        attached.session = "s9x1"
        attached.epoch = "e1"
        attached.seq = 5
        attached.mode = .tail
        #expect(
            try await events(client(server.path, from: 5, epoch: "e1")) == [
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
        #expect(try await events(client(server.path)) == [.bytes(Array("x".utf8)), .closed(1000)])
    }

    @Test func `ends with 1006 when it is cut off`() async throws {
        let server = try await AttachServer { _ in [AttachServer.bytes("x")] }
        defer { server.stop() }
        let heard = Locked<[AttachedClient.Event]>([])
        try await client(server.path).run { event in
            heard.withLock { $0.append(event) }
            if case .bytes = event { server.cut() }
            return false
        }
        #expect(heard.withLock { $0 } == [.bytes(Array("x".utf8)), .closed(1006)])
    }

    @Test func `sends input, sizes as text, and a close`() async throws {
        let server = try await AttachServer { _ in [] }
        defer { server.stop() }
        let path = server.path
        try await BlockingExecutor(label: "attached").run {
            Result { () throws(HostClientFailure) in
                let socket = try AttachSocket.open(host: .socket(path: path), session: "s9x1", timeout: .seconds(30))
                socket.send([UInt8](repeating: 7, count: 100_000))
                socket.resize(to: TerminalSize(columns: 80, rows: 24))
                socket.close(within: .seconds(10))
            }
        }.get()
        var received: [AttachServer.Received] = []
        for await frame in server.received {
            received.append(frame)
            if case .close = frame { break }
        }
        #expect(
            received == [
                .binary([UInt8](repeating: 7, count: 100_000)), .text(#"{"columns":80,"rows":24,"type":"resize"}"#),
                .close(1000),
            ]
        )
    }

    @Test func `answers a ping`() async throws {
        let server = try await AttachServer { _ in
            [WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer(string: "are you there"))]
        }
        defer { server.stop() }
        let attached = Task { try await client(server.path).run() }
        var iterator = server.received.makeAsyncIterator()
        #expect(await iterator.next() == .pong(Array("are you there".utf8)))
        attached.cancel()
        _ = try await attached.value
    }

    @Test func `loses nothing to a reader that is slow`() async throws {
        let server = try await AttachServer { _ in
            (0..<2000).map { AttachServer.bytes("\($0)\n") } + [AttachServer.close(1000)]
        }
        defer { server.stop() }
        let (text, count) = (Locked<[UInt8]>([]), Locked(0))
        try await client(server.path).run { event in
            if case .bytes(let bytes) = event { text.withLock { $0 += bytes } }
            if count.withLock({
                $0 += 1; return $0 % 400
            }) == 0 {
                usleep(10_000)
            }
            return false
        }
        #expect(String(decoding: text.withLock { $0 }, as: UTF8.self) == (0..<2000).map { "\($0)\n" }.joined())
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
        ) { try await client(server.path).run() }
    }

    @Test func `gives up on a host that does not answer`() async throws {
        let server = try await CannedServer { _ in .silence }
        defer { server.stop() }
        await #expect(
            throws: HostClientFailure.timedOut(request: "GET /v1/sessions/s9x1/attach", after: .milliseconds(80))
        ) { try await client(server.path, timeout: .milliseconds(80)).run() }
    }
}
