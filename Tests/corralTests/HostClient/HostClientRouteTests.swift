import FoundationEssentials
import HostClient
import HostProtocol
import Testing

@Suite struct `A route of the client` {
    /// The request line and body that a call made, and the call's result.
    private func exchange<Value: Sendable>(
        _ reply: [UInt8], _ call: @Sendable (HostClient) async throws -> Value
    ) async throws -> (line: String, body: String, value: Value) {
        let server = try await CannedServer { _ in .reply(reply) }
        defer { server.stop() }
        let value = try await call(HostClient(socketPath: server.path))
        let request = try #require(server.requests.first)
        let line = String(request.prefix { $0 != "\r\n" })
        let body = request.firstRange(of: "\r\n\r\n").map { String(request[$0.upperBound...]) } ?? ""
        return (line, body, value)
    }

    private func json(_ document: some Encodable, status: String = "200 OK") throws -> [UInt8] {
        CannedServer.reply(status: status, body: Array(try WireCoding.encode(document)))
    }

    @Test func `writes every option of a delete into the query`() async throws {
        let options = DeleteWorkspaceOptions(
            force: true, deleteBranch: true, teardown: .skip, abandon: true, dryRun: true, timeout: 2.5
        )
        let reply = try json(Samples.receipt(.planned, .unknown), status: "202 Accepted")
        let (line, _, receipt) = try await exchange(reply) { try await $0.deleteWorkspace("wk4m2", options) }
        #expect(
            line == "DELETE /v1/workspaces/wk4m2?force=true&delete_branch=true&teardown=skip&abandon=true&dry_run=true"
                + "&timeout=2.5 HTTP/1.1"
        )
        #expect(receipt.state == .planned)
    }

    @Test func `leaves the options of a plain delete out`() async throws {
        let reply = try json(Samples.receipt(.deleted, .confirmed))
        let (line, _, _) = try await exchange(reply) { try await $0.deleteWorkspace("wk4m2") }
        #expect(line == "DELETE /v1/workspaces/wk4m2 HTTP/1.1")
    }

    @Test func `escapes an id that is none`() async throws {
        let reply = try json(Samples.session("s9x1", title: "t"))
        let (line, _, _) = try await exchange(reply) { try await $0.session("../a b?c=ü") }
        #expect(line == "GET /v1/sessions/..%2Fa%20b%3Fc%3D%C3%BC HTTP/1.1")
    }

    @Test func `tells a new workspace from one that was there`() async throws {
        let request = CreateWorkspaceRequest(kind: .worktree, repository: "/srv/app", branch: "fix")
        let document = Samples.workspace("wk4m2", name: "fix")
        let new = try await exchange(try json(document, status: "201 Created")) {
            try await $0.createWorkspace(request)
        }
        #expect(new.line == "POST /v1/workspaces HTTP/1.1")
        #expect(new.body == #"{"branch":"fix","kind":"worktree","repository":"/srv/app"}"#)
        #expect(new.value == Creation(document: document, isNew: true))
        let old = try await exchange(try json(document)) { try await $0.createWorkspace(request) }
        #expect(!old.value.isNew)
    }

    @Test func `asks for all workspaces only when told to`() async throws {
        let one = try await exchange(CannedServer.reply(body: Array("[]".utf8))) { try await $0.workspaces() }
        #expect(one.line == "GET /v1/workspaces HTTP/1.1")
        let all = try await exchange(CannedServer.reply(body: Array("[]".utf8))) { try await $0.workspaces(all: true) }
        #expect(all.line == "GET /v1/workspaces?all=true HTTP/1.1")
    }

    @Test func `types bytes as they are`() async throws {
        let reply = CannedServer.reply(status: "204 No Content", body: [])
        let (line, body, _) = try await exchange(reply) { try await $0.sendInput(Array("ls\r".utf8), to: "s9x1") }
        #expect(line == "POST /v1/sessions/s9x1/input HTTP/1.1")
        #expect(body == "ls\r")
    }

    @Test func `types a text, and says how it is meant`() async throws {
        let reply = CannedServer.reply(status: "204 No Content", body: [])
        let (line, body, _) = try await exchange(reply) {
            try await $0.sendText("ls", asPaste: true, withEnter: false, to: "s9x1")
        }
        #expect(line == "POST /v1/sessions/s9x1/input HTTP/1.1")
        #expect(body == #"{"enter":false,"paste":true,"text":"ls"}"#)
    }

    @Test func `asks to wait`() async throws {
        let document = WaitDocument(outcome: .idle, seq: 12)
        let (line, body, value) = try await exchange(try json(document)) {
            try await $0.wait(for: WaitRequest(for: .idle, idleSeconds: 2, timeout: 5.5), in: "s9x1")
        }
        #expect(line == "POST /v1/sessions/s9x1/wait HTTP/1.1")
        #expect(body == #"{"for":"idle","idle_seconds":2,"timeout":5.5}"#)
        #expect(value == document)
    }

    @Test func `types more than a request takes in several`() async throws {
        let server = try await CannedServer { _ in .reply(CannedServer.reply(status: "204 No Content", body: [])) }
        defer { server.stop() }
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 1_300_000)
        try await HostClient(socketPath: server.path).sendInput(bytes, to: "s9x1")
        let lengths = server.requests.map { request in
            request.firstRange(of: "\r\n\r\n").map { request[$0.upperBound...].utf8.count }
        }
        #expect(lengths == [524_288, 524_288, 251_424])
    }

    @Test func `reads where a piece of output stands`() async throws {
        let reply = CannedServer.reply(
            type: "application/octet-stream", headers: ["Corral-From: 10", "corral-next: 13", "corral-epoch: e1"],
            body: [0xff, 0x00, 0x1b]
        )
        let (line, _, output) = try await exchange(reply) { try await $0.output(of: "s9x1", from: 7) }
        #expect(line == "GET /v1/sessions/s9x1/output?from=7 HTTP/1.1")
        #expect(output == SessionOutput(epoch: "e1", from: 10, next: 13, bytes: [0xff, 0x00, 0x1b]))
    }

    @Test func `refuses output that does not say where it stands`() async throws {
        let server = try await CannedServer(type: "application/octet-stream", body: "abc")
        defer { server.stop() }
        await #expect(throws: HostClientFailure.self) {
            try await HostClient(socketPath: server.path).output(of: "s9x1")
        }
    }

    @Test func `asks for a pass with its options`() async throws {
        let reply = try json(PassDocument(at: Samples.moment))
        let (line, _, pass) = try await exchange(reply) { try await $0.reap(dryRun: true, unclaimed: true) }
        #expect(line == "POST /v1/reaper/pass?dry_run=true&unclaimed=true HTTP/1.1")
        #expect(pass.reaped == 0)
    }

    @Test func `sends a size`() async throws {
        let reply = CannedServer.reply(status: "204 No Content", body: [])
        let (line, body, _) = try await exchange(reply) {
            try await $0.resizeSession("s9x1", to: TerminalSize(columns: 80, rows: 24))
        }
        #expect(line == "POST /v1/sessions/s9x1/resize HTTP/1.1")
        #expect(body == #"{"columns":80,"rows":24}"#)
    }
}
