import Glibc
import HostClient
import HostProtocol
import NIOConcurrencyHelpers
import Testing

@Suite struct `A host client` {
    @Test func `says that nobody listens, with the path and the kernel's words`() async throws {
        let path = CannedServer.freshPath()
        let failure = await #expect(throws: HostClientFailure.self) { try await HostClient(socketPath: path).status() }
        #expect(failure == .unreachable(path: path, why: "No such file or directory"))
        #expect(failure?.description == "connect to \(path): No such file or directory; nothing was sent")
    }

    @Test func `says that a socket file has lost its listener`() async throws {
        let path = CannedServer.freshPath()
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(descriptor)
        defer { unlink(path) }
        try #require(bound == 0)
        await #expect(throws: HostClientFailure.unreachable(path: path, why: "Connection refused")) {
            try await HostClient(socketPath: path).status()
        }
    }

    @Test func `says that a path is too long for a socket`() async throws {
        let path = "/" + String(repeating: "x", count: 120)
        await #expect(
            throws: HostClientFailure.unreachable(
                path: path, why: "the path is longer than the 107 bytes that a socket's can have"
            )
        ) { try await HostClient(socketPath: path).status() }
    }

    @Test func `hands a problem document over as it is`() async throws {
        let server = try await CannedServer(
            status: "409 Conflict", type: "application/problem+json; charset=utf-8",
            body: #"{"type":"about:blank","title":"Conflict","status":409,"code":"dirty","detail":"2 files"}"#
        )
        defer { server.stop() }
        await #expect(
            throws: HostClientFailure.problem(
                ProblemDocument(title: "Conflict", status: 409, code: "dirty", detail: "2 files")
            )
        ) { try await HostClient(socketPath: server.path).deleteWorkspace("wk4m2") }
    }

    @Test func `does not take an error without a problem document for one`() async throws {
        let server = try await CannedServer(status: "502 Bad Gateway", type: "text/html", body: "<h1>no</h1>")
        defer { server.stop() }
        await #expect(
            throws: HostClientFailure.badResponse(
                request: "GET /v1/status", why: "status 502, and no problem document with it"
            )
        ) { try await HostClient(socketPath: server.path).status() }
    }

    @Test(arguments: ["not http at all\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "HTTP/1.1 banana\r\n\r\n"])
    func `does not take garbage for an answer`(_ garbage: String) async throws {
        let server = try await CannedServer { _ in .reply(Array(garbage.utf8)) }
        defer { server.stop() }
        let failure = await #expect(throws: HostClientFailure.self) {
            try await HostClient(socketPath: server.path).status()
        }
        guard case .badResponse("GET /v1/status", _) = failure else {
            Issue.record("not a bad response: \(String(describing: failure))")
            return
        }
    }

    @Test func `does not take another document for the one it asked for`() async throws {
        let server = try await CannedServer(body: #"{"hello":"world"}"#)
        defer { server.stop() }
        let failure = await #expect(throws: HostClientFailure.self) {
            try await HostClient(socketPath: server.path).status()
        }
        guard case .badResponse("GET /v1/status", let why) = failure else {
            Issue.record("not a bad response: \(String(describing: failure))")
            return
        }
        #expect(why.hasPrefix("it is no StatusDocument: "))
    }

    @Test func `says that the host hung up without an answer`() async throws {
        let server = try await CannedServer { _ in .hangUp }
        defer { server.stop() }
        await #expect(throws: HostClientFailure.disconnected(request: "GET /v1/status")) {
            try await HostClient(socketPath: server.path).status()
        }
        #expect(server.requests.count == 3, "a reading that ends the host has an end itself")
    }

    /// Symptom: `corral session wait` failed beside a restart of the host, "GET /v1/sessions: the host closed the connection". Cause: a
    /// killed host loses the requests that it has taken and not answered, and nobody asked the next one.
    @Test func `asks the next host when it hung up on a reading`() async throws {
        let asked = NIOLockedValueBox(0)
        let server = try await CannedServer { _ in
            let isFirst = asked.withLockedValue { count in
                count += 1
                return count == 1
            }
            return isFirst ? .hangUp : .reply(CannedServer.reply(body: Array(#"[]"#.utf8)))
        }
        defer { server.stop() }
        #expect(try await HostClient(socketPath: server.path).sessions().isEmpty)
        #expect(server.requests.count == 2)
    }

    @Test func `does not send a change again, which may have been made`() async throws {
        let server = try await CannedServer { _ in .hangUp }
        defer { server.stop() }
        await #expect(throws: HostClientFailure.disconnected(request: "POST /v1/sessions/s/resize")) {
            try await HostClient(socketPath: server.path).resizeSession("s", to: TerminalSize(columns: 80, rows: 24))
        }
        #expect(server.requests.count == 1)
    }

    // Symptom: `session logs --follow` ended at a host's restart with "the answer cannot be used". Cause: a connection that ends within an
    // answer was taken for an answer that makes no sense.
    @Test func `takes half of an answer for none`() async throws {
        let whole = CannedServer.reply(body: Array("0123456789".utf8))
        let server = try await CannedServer { _ in .reply(Array(whole.dropLast(5))) }
        defer { server.stop() }
        await #expect(throws: HostClientFailure.disconnected(request: "GET /v1/status")) {
            try await HostClient(socketPath: server.path).status()
        }
        #expect(server.requests.count > 1, "it is asked again")
    }

    @Test func `gives up at its deadline (I8)`() async throws {
        let server = try await CannedServer { _ in .silence }
        defer { server.stop() }
        let failure = await #expect(throws: HostClientFailure.self) {
            try await HostClient(socketPath: server.path).status(timeout: .milliseconds(80))
        }
        #expect(failure == .timedOut(request: "GET /v1/status", after: .milliseconds(80)))
    }

    @Test func `gives up when its task is cancelled`() async throws {
        let server = try await CannedServer { _ in .silence }
        defer { server.stop() }
        let client = HostClient(socketPath: server.path)
        let task = Task { try await client.status() }
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        task.cancel()
        await #expect(throws: HostClientFailure.cancelled(request: "GET /v1/status")) { try await task.value }
    }

    @Test func `returns an answer of any status to who asks for the bare answer`() async throws {
        let server = try await CannedServer(status: "418 I'm a teapot", type: "text/plain", body: "short and stout")
        defer { server.stop() }
        let reply = try await HostClient(socketPath: server.path).send(.get, "/v1/tea")
        #expect(reply.status == 418)
        #expect(reply.mediaType == "text/plain")
        #expect(reply.headers["content-length"] == "15")
        #expect(String(decoding: reply.body, as: UTF8.self) == "short and stout")
    }

    @Test func `serves many requests at once`() async throws {
        let server = try await CannedServer(body: "[]")
        defer { server.stop() }
        let client = HostClient(socketPath: server.path)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 { group.addTask { try await client.workspaces().count } }
            for try await count in group { #expect(count == 0) }
        }
        #expect(server.requests.count == 200)
    }
}
