import ArgumentParser
import FoundationEssentials
import HostClient
import HostProtocol
import NIOConcurrencyHelpers
import Testing

@testable import corral

@Suite struct `A wait` {
    private func parse(_ words: String...) throws -> SessionWait {
        try #require(try Corral.parseAsRoot(["session", "wait", "tests"] + words) as? SessionWait)
    }

    @Test func `asks for one thing`() throws {
        #expect(try parse("--exit").request == WaitRequest(for: .exit, timeout: 600))
        #expect(
            try parse("--output", "^ok", "--from", "7", "--timeout", "2.5").request
                == WaitRequest(for: .output, pattern: "^ok", timeout: 2.5, from: 7))
        #expect(
            try parse("--idle", "0.5", "--timeout", "0").request
                == WaitRequest(for: .idle, idleSeconds: 0.5, timeout: 0))
    }

    @Test func `tells what has happened on stdout, and what has not on stderr`() {
        func texts(_ document: WaitDocument) -> [String?] {
            [SessionWait.result(document), SessionWait.note(document, session: "s9x1", timeout: 2.5)]
        }
        let exit = SessionDocument.Exit(code: 7, signal: nil)
        #expect(texts(WaitDocument(outcome: .exited, exit: exit, endReason: .exited)) == ["status 7", nil])
        #expect(texts(WaitDocument(outcome: .exited, endReason: .killed)) == ["killed", nil])
        #expect(texts(WaitDocument(outcome: .matched, line: "ok \u{1b}")) == ["ok \u{fffd}", nil])
        #expect(texts(WaitDocument(outcome: .idle)) == [nil, nil])
        #expect(texts(WaitDocument(outcome: .timedOut)) == [nil, "session s9x1: it did not happen in 2.5 s"])
        #expect(
            texts(WaitDocument(outcome: .ended, exit: exit, endReason: .exited, missed: 5)) == [
                nil,
                "session s9x1 has ended (status 7), and it has not happened; 5 bytes of output were gone before they could be looked at",
            ])
    }

    @Test func `ends with 0, 124 or 1`() {
        let outcomes: [WaitDocument.Outcome] = [.exited, .matched, .idle, .timedOut, .ended]
        #expect(outcomes.map { SessionWait.status($0).rawValue } == [0, 0, 0, 124, 1])
    }

    // MARK: Over a restart of the host

    /// Runs a wait for output against a server that gives these answers, one a request.
    private func run(
        _ request: WaitRequest, _ answers: [CannedServer.Answer]
    ) async throws -> (document: WaitDocument, bodies: [WaitRequest]) {
        let left = NIOLockedValueBox(answers)
        let server = try await CannedServer { _ in left.withLockedValue { $0.removeFirst() } }
        defer { server.stop() }
        let document = try await PatientWait(HostClient(socketPath: server.path), session: "s9x1").run(request)
        let bodies = try server.requests.map { request in
            let body = try #require(request.firstRange(of: "\r\n\r\n").map { String(request[$0.upperBound...]) })
            return try WireCoding.decode(WaitRequest.self, from: body)
        }
        return (document, bodies)
    }

    private func reply(_ document: WaitDocument) throws -> CannedServer.Answer {
        .reply(CannedServer.reply(body: Array(try WireCoding.encode(document))))
    }

    @Test func `for output looks at what is there, and goes on at the byte after it whichever host answers`()
        async throws
    {
        let found = WaitDocument(outcome: .matched, line: "ok", seq: 30, missed: 0)
        let (document, bodies) = try await run(
            WaitRequest(for: .output, pattern: "ok", timeout: 600),
            [try reply(WaitDocument(outcome: .timedOut, seq: 20, missed: 3)), .hangUp, .hangUp, try reply(found)])
        #expect(document.outcome == .matched)
        #expect(document.missed == 3)
        #expect(bodies.map(\.from) == [nil, 20, 20, 20])
        #expect(bodies[0].timeout == 0)
        #expect(bodies.dropFirst().allSatisfy { (0.1...600).contains($0.timeout ?? 0) })
    }

    @Test func `for output that is there asks once`() async throws {
        let found = WaitDocument(outcome: .matched, line: "ok", seq: 30)
        let (document, bodies) = try await run(WaitRequest(for: .output, pattern: "ok"), [try reply(found)])
        #expect(document == found)
        #expect(bodies.count == 1)
    }

    @Test func `for an end asks again while the host is away`() async throws {
        let ended = WaitDocument(outcome: .exited, exit: .init(code: 0, signal: nil), endReason: .exited)
        let (document, bodies) = try await run(WaitRequest(for: .exit, timeout: 60), [.hangUp, try reply(ended)])
        #expect(document == ended)
        #expect(bodies.count == 2)
    }
}
