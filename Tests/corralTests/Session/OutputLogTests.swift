import ArgumentParser
import HostClient
import HostProtocol
import TestSupport
import Testing

@testable import corral

@Suite struct `A log of output` {
    private func note(asked: UInt64?, before: String? = nil, from: UInt64) -> String? {
        OutputLog.note(
            asked: asked, before: before, SessionOutput(epoch: "e1", from: from, next: from + 1, bytes: [0x61]))
    }

    @Test func `says what is no longer held, and nothing else`() {
        #expect(note(asked: nil, from: 0) == nil)
        #expect(note(asked: nil, from: 10) == "10 bytes before byte 10 are no longer held")
        #expect(note(asked: 7, before: "e1", from: 10) == "3 bytes before byte 10 are no longer held")
        #expect(note(asked: 10, before: "e1", from: 10) == nil)
        #expect(note(asked: 99, from: 10) == nil, "nothing of that has come yet")
        #expect(note(asked: 7, before: "e0", from: 10) == "the output began anew; it goes on at byte 10")
    }

    /// Symptom: a log of a flood on a slow terminal ended after ten seconds with "disconnected". Cause: a cut by the host (1013, too slow)
    /// within a second of attaching counted as its absence, also when it had answered in between.
    @Test(.timeLimit(.minutes(1))) func `goes on however often the host cuts it for being slow`() async throws {
        let ended = #"{"type":"ended","exit":{"code":0,"signal":null},"end_reason":"exited"}"#
        let server = try await AttachServer { number in
            let synced = #"{"type":"synced","epoch":"e1","seq":0,"mode":"\#(number % 2 == 0 ? "exact" : "reanchor")"}"#
            return [AttachServer.text(synced)]
                + (number < 20 ? [AttachServer.close(1013)] : [AttachServer.text(ended), AttachServer.close(1000)])
        }
        defer { server.stop() }
        var log = OutputLog(
            HostClient(socketPath: server.path), session: "s9x1", from: nil,
            absence: HostAbsence(patience: .milliseconds(100)))
        try await log.follow()
        #expect(server.requests.count == 21)
    }

    // Symptom: of a session that had ended long ago nothing was printed, and the exit status was 0. Cause: the refusal was taken for that of a
    // session that has ended while the log was printed.
    @Test func `of a session whose output nobody holds is refused`() async throws {
        let server = try await CannedServer(
            status: "409 Conflict", type: "application/problem+json",
            body: #"{"type":"about:blank","title":"C","status":409,"code":"session_ended","detail":"s9x1 has ended"}"#)
        defer { server.stop() }
        var log = OutputLog(
            HostClient(socketPath: server.path), session: "s9x1", from: nil,
            absence: HostAbsence(patience: .milliseconds(100)))
        let failure = await #expect(throws: HostClientFailure.self) { try await log.follow() }
        guard case .problem(let problem) = failure else {
            return #expect(Bool(false), "\(String(describing: failure))")
        }
        #expect(problem.code == "session_ended")
    }

    // Symptom: `corral session logs S >file` on a full disk left a part of the output and exited 0. Cause: nobody looked whether it was written.
    @Test func `that cannot be written fails`() async throws {
        let list = Array(try WireCoding.encode([Samples.session("s9x1", title: "tests")]))
        let output = CannedServer.reply(
            type: "application/octet-stream", headers: ["Corral-Epoch: e1", "Corral-From: 0", "Corral-Next: 10"],
            body: Array("0123456789".utf8))
        let server = try await CannedServer { request in
            .reply(request.contains("/output") ? output : CannedServer.reply(body: list))
        }
        defer { server.stop() }
        let process = try TerminalProcess(["session", "logs", "s9x1", "--socket", server.path], stdout: "/dev/full")
        #expect(try await process.end() == 1)
        #expect(process.shown.contains("The result cannot be written: No space left on device."))
    }

    @Test func `takes options`() throws {
        let verb = try #require(try Corral.parseAsRoot(["session", "logs", "s", "-f", "--from", "5"]) as? SessionLogs)
        #expect(verb.follow)
        #expect(verb.from == 5)
    }
}
