import Glibc
import HostProtocol
import NIOWebSocket
import TestSupport
import Testing

@testable import corral

@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: TerminalProcess.program != nil, "the corral program was not built beside the tests")
)
struct `The user's terminal` {
    private static let attached = AttachServer.text(
        #"{"type":"attached","session":"s9x1","epoch":"e1","seq":0,"mode":"tail"}"#)

    private func server(
        path: String = CannedServer.freshPath(), _ frames: @escaping @Sendable (Int) -> [WebSocketFrame] = { _ in [] }
    ) async throws -> AttachServer {
        try await AttachServer(path: path, sessions: [Samples.session("s9x1", title: "tests")]) { number in
            [Self.attached] + frames(number)
        }
    }

    private func attach(
        _ server: AttachServer, _ options: [String] = [], environment: [String] = []
    ) throws -> TerminalProcess {
        try TerminalProcess(["attach", "tests", "--socket", server.path] + options, environment: environment)
    }

    /// What whatever is unfinished is abandoned with.
    private static let abandoned = "\u{18}\u{1b}\\"
    /// No link, ASCII, no colours.
    private static let plainAgain = "\u{1b}]8;;\u{1b}\\\u{0f}\u{1b}(B\u{1b}[0m"

    /// What clients asked for, but for when their user typed last.
    private static func requests(_ server: AttachServer) -> [String] {
        server.requests.map { $0.replacing(/&idle=[0-9.e-]+/, with: "") }
    }

    @Test func `is given back when the user detaches`() async throws {
        let server = try await server { _ in [AttachServer.bytes("\u{1b}[?1049h\u{1b}[?25lhello")] }
        defer { server.stop() }
        let process = try attach(server)
        try await process.expect("[attached to s9x1; detach with Ctrl-\\ d]")
        try await process.expect("hello")
        #expect(process.isRaw)
        try process.type(Array("ls\r".utf8))
        var received = server.received.makeAsyncIterator()
        #expect(await received.next() == .text(#"{"columns":80,"rows":24,"type":"resize"}"#))
        #expect(await received.next() == .binary(Array("ls\r".utf8)))
        try process.setSize(columns: 100, rows: 30)
        #expect(await received.next() == .text(#"{"columns":100,"rows":30,"type":"resize"}"#))
        try process.type([0x1c])
        try process.type([0x64])
        #expect(try await process.end() == 0)
        #expect(!process.isRaw)
        #expect(process.shown.hasSuffix("\u{1b}[?25h\u{1b}[?1049l\(Self.plainAgain)\r\n[detached from s9x1]\r\n"))
        #expect(await received.next() == .close(1000))
    }

    @Test func `shows that the session is frozen, types nothing into it, and is drawn again when it goes on`()
        async throws
    {
        let server = try await server { number in
            number == 0 ? [AttachServer.bytes("hello"), AttachServer.text(#"{"type":"frozen","session":"s9x1"}"#)] : []
        }
        defer { server.stop() }
        let process = try attach(server)
        try await process.expect("\u{1b}7\u{1b}[999;1H\u{1b}[0;7m[frozen: `corral session thaw s9x1`")
        try process.type(Array("ls\r".utf8))
        try await process.expect("\u{7}")
        server.send(AttachServer.text(#"{"type":"thawed","session":"s9x1"}"#))
        var received = server.received.makeAsyncIterator()
        #expect(await received.next() == .text(#"{"columns":80,"rows":24,"type":"resize"}"#))
        #expect(await received.next() == .close(1000), "another connection begins with a picture")
        #expect(await received.next() == .text(#"{"columns":80,"rows":24,"type":"resize"}"#))
        #expect(server.requests.last?.contains("from=") == false)
        try process.type(Array("ls\r".utf8))
        #expect(await received.next() == .binary(Array("ls\r".utf8)))
        try process.type([0x1c, 0x64])
        #expect(try await process.end() == 0)
    }

    @Test func `is given back when the session ends, with the session's status`() async throws {
        let ended = #"{"type":"ended","exit":{"code":3,"signal":null},"end_reason":"exited"}"#
        let server = try await server { _ in
            [AttachServer.bytes("bye"), AttachServer.text(ended), AttachServer.close(1000)]
        }
        defer { server.stop() }
        let process = try attach(server)
        #expect(try await process.end() == 3)
        #expect(!process.isRaw)
        #expect(
            process.shown.hasSuffix("bye\(Self.abandoned)\(Self.plainAgain)\r\n[session s9x1 has ended: status 3]\r\n"))
    }

    /// The last ones are traps and aborts of the client itself. Symptom: such a one left the shell without echo and line editing, and
    /// in the alternate screen. Cause: only the signals of a user were handled, and a trap runs no `atexit`.
    @Test(
        arguments: [
            SIGTERM, SIGHUP, SIGINT, SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGUSR1, SIGUSR2, SIGALRM,
            SIGXCPU,
        ])
    func `is given back when a signal ends the client`(_ number: CInt) async throws {
        let server = try await server { _ in [AttachServer.bytes("\u{1b}[?2004hhello")] }
        defer { server.stop() }
        let process = try attach(server)
        try await process.expect("hello")
        try await process.expectRaw(true)
        process.signal(number)
        #expect(try await process.end() == 128 + number)
        #expect(!process.isRaw)
        #expect(process.shown.hasSuffix("hello\(Self.abandoned)\u{1b}[?2004l\(Self.plainAgain)"))
    }

    @Test(arguments: [SIGTSTP, SIGSTOP])
    func `is the shell's while the client is stopped, and the session's again after`(_ number: CInt) async throws {
        let server = try await server { _ in [AttachServer.bytes("hello")] }
        defer { server.stop() }
        let process = try attach(server)
        try await process.expect("hello")
        try await process.expectRaw(true)
        process.signal(number)
        try await process.expectStop()
        if number == SIGTSTP { #expect(!process.isRaw) }
        process.signal(SIGCONT)
        try await process.expectRaw(true)
        try process.type([0x1c, 0x64])
        #expect(try await process.end() == 0)
        #expect(!process.isRaw)
    }

    /// Symptom: after Ctrl-Z and `fg` the screen of the session was not there, nor its mouse and paste. Cause: the terminal had been given
    /// back, and only the size was told again, which makes no program draw when it is the same.
    @Test(arguments: [SIGTSTP, SIGSTOP])
    func `is drawn again after the client was stopped, and what is typed then arrives`(_ number: CInt) async throws {
        let server = try await server { number in
            [AttachServer.bytes(number == 0 ? "\u{1b}[?1049h\u{1b}[?2004hhello" : "a picture")]
        }
        defer { server.stop() }
        let process = try attach(server)
        try await process.expect("hello")
        try await process.expectRaw(true)
        process.signal(number)
        try await process.expectStop()
        process.signal(SIGCONT)
        try await process.expect("a picture")
        let target = "/v1/sessions/s9x1/attach?columns=80&rows=24"
        #expect(Self.requests(server).allSatisfy { $0 == target }, "without a position, so that a picture comes")
        try process.type(Array("ls\r".utf8))
        var received = server.received.makeAsyncIterator()
        while let next = await received.next(), next != .binary(Array("ls\r".utf8)) {}
        try process.type([0x1c, 0x64])
        #expect(try await process.end() == 0)
        #expect(
            process.shown.hasSuffix("a picture\(Self.abandoned)\(Self.plainAgain)\r\n[detached from s9x1]\r\n"),
            "what the picture left is left alone")
    }

    /// Symptom: with the host away under systemd nothing was said for ten seconds, and the detach keys did nothing. Cause: systemd keeps
    /// the listening socket, so that connecting succeeds at once, and the answer was waited for with eyes for nothing else.
    @Test func `says that the host is away, and lets itself be detached from, while its socket is kept`() async throws {
        let path = CannedServer.freshPath()
        let first = try await server(path: path) { _ in [AttachServer.bytes("hello")] }
        let process = try attach(first)
        try await process.expect("hello")
        try await first.end()
        let socket = try AttachServer.unattendedSocket(at: path)
        defer {
            unlink(path)
            close(socket)
        }
        try await process.expect("[the host has gone away; waiting for it]", within: 5)
        try process.type([0x1c, 0x64])
        #expect(try await process.end(within: 5) == 0)
        #expect(!process.isRaw)
        var waiting: CInt = 0
        while accept(socket, nil, nil) >= 0 { waiting += 1 }
        #expect((1...2).contains(waiting), "one from before the notice and one after it, not one a moment")
    }

    @Test func `is drawn anew, and given what was typed, when the host takes its socket up again`() async throws {
        let path = CannedServer.freshPath()
        let first = try await server(path: path) { _ in [AttachServer.bytes("hello")] }
        let process = try attach(first)
        try await process.expect("hello")
        try await first.end()
        let socket = try AttachServer.unattendedSocket(at: path)
        try await process.expect("[the host has gone away; waiting for it]", within: 5)
        try process.type(Array("ls\r".utf8))
        let second = try await AttachServer(path: path, takingOver: socket) { _ in
            [Self.attached, AttachServer.bytes("a picture")]
        }
        defer { second.stop() }
        try await process.expect("a picture")
        #expect(Self.requests(second).last == "/v1/sessions/s9x1/attach?columns=80&rows=24")
        var received = second.received.makeAsyncIterator()
        while let next = await received.next(), next != .binary(Array("ls\r".utf8)) {}
        try process.type([0x1c, 0x64])
        #expect(try await process.end() == 0)
    }

    /// Symptom: this failed on a busy machine. Cause: another server took longer to begin than a host may be away before a notice takes
    /// the place of what is on the screen, which is then drawn anew.
    @Test func `goes on where it was when the host comes back`() async throws {
        let server = try await server { number in [AttachServer.bytes(number == 0 ? "0123456789" : "abc")] }
        defer { server.stop() }
        let process = try attach(server)
        try await process.expect("0123456789")
        server.cut()
        try await process.expect("abc")
        let request = "/v1/sessions/s9x1/attach?columns=80&rows=24"
        #expect(Self.requests(server) == [request, request + "&from=10&epoch=e1"])
        #expect(process.isRaw)
        try process.type([0x1c, 0x64])
        #expect(try await process.end() == 0)
    }

    // Symptom: half a screen, without its modes. Cause: the bytes of a picture have no numbers, so that the next connection was asked for what
    // comes after all of it.
    @Test func `is drawn anew when the host goes away in the middle of a picture`() async throws {
        let server = try await server { number in
            [
                AttachServer.text(#"{"type":"synced","epoch":"e1","seq":7,"mode":"tail","repaint":10}"#),
                AttachServer.bytes(number == 0 ? "01234" : "abcdefghij"),
            ]
        }
        defer { server.stop() }
        let process = try attach(server)
        try await process.expect("01234")
        server.cut()
        try await process.expect("abcdefghij")
        server.cut()
        let request = "/v1/sessions/s9x1/attach?columns=80&rows=24"
        let deadline = ContinuousClock.now + .seconds(20)
        while server.requests.count < 3, .now < deadline { await Task.yield() }
        #expect(Self.requests(server) == [request, request, request + "&from=7&epoch=e1"])
        try process.type([0x1c, 0x64])
        #expect(try await process.end() == 0)
    }

    @Test func `is given back when the host does not come back`() async throws {
        let server = try await server { _ in [AttachServer.bytes("hello")] }
        let process = try attach(server)
        try await process.expect("hello")
        server.stop()
        #expect(try await process.end() == 69)
        #expect(!process.isRaw)
        #expect(process.shown.contains("[the host has gone; session s9x1 may live on]\r\n"))
    }

    @Test func `is only looked through when it is read-only`() async throws {
        let server = try await server { _ in [AttachServer.bytes("hello")] }
        defer { server.stop() }
        let process = try attach(server, ["--read-only", "--detach-keys", "ctrl-p,ctrl-q"])
        try await process.expect("[attached to s9x1; read-only; detach with Ctrl-p Ctrl-q]")
        try await process.expect("hello")
        try process.type(Array("rm -rf\r".utf8) + [0x10, 0x11])
        #expect(try await process.end() == 0)
        var received = server.received.makeAsyncIterator()
        #expect(await received.next() == .close(1000))
    }

    @Test func `is not touched when the host refuses`() async throws {
        let server = try await CannedServer(
            status: "409 Conflict", type: "application/problem+json",
            body: #"{"type":"about:blank","title":"C","status":409,"code":"session_ended","detail":"s9x1 has ended"}"#
        )
        defer { server.stop() }
        let process = try TerminalProcess(["attach", "tests", "--socket", server.path])
        #expect(try await process.end() == 4)
        #expect(process.shown == "corral: s9x1 has ended.\r\n")
    }

    /// Attaches to s9x1 from inside a session, by a host that answers everything but an attachment.
    private func attachInside(
        _ session: String, of instance: String
    ) async throws -> (TerminalProcess, CannedServer) {
        let list = Array(try WireCoding.encode([Samples.session("s9x1", title: "tests")]))
        let status = Array(try WireCoding.encode(Samples.status))
        let server = try await CannedServer { request in
            if request.contains("/attach") { return .hangUp }
            return .reply(CannedServer.reply(body: request.contains("/v1/status") ? status : list))
        }
        let environment = ["CORRAL_SESSION=\(session)", "CORRAL_INSTANCE=\(instance)"]
        return (
            try TerminalProcess(["attach", "tests", "--socket", server.path], environment: environment), server
        )
    }

    @Test func `is not touched by an attachment to itself`() async throws {
        let (process, server) = try await attachInside("s9x1", of: "1f2e3d4c")
        defer { server.stop() }
        #expect(try await process.end() == 4)
        #expect(process.shown == "corral: This is session s9x1. It cannot be attached to from inside itself.\r\n")
        #expect(!server.requests.contains { $0.contains("/attach") })
    }

    // Symptom: `corral attach --host other s9x1` was refused in a session s9x1. Cause: only the sessions' names were compared.
    @Test func `may be attached to from inside a session of the same name on another host`() async throws {
        let (process, server) = try await attachInside("s9x1", of: "0a1b2c3d")
        defer { server.stop() }
        _ = try await process.end()
        #expect(server.requests.contains { $0.contains("/attach") })
    }
}
