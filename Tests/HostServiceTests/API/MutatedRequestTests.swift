import FoundationEssentials
import HostProtocol
import TestSupport
import Testing

@testable import HostService

/// What clients send, changed by chance: it is served or refused in order, and whoever comes next is served.
/// `CORRAL_FUZZ=SEED` runs one of them again.
@Suite struct `A request that was changed by chance` {
    private struct Asked: Decodable {
        var repository: String?
        var branch: String?
        var name: String?
    }

    @Test func `has a body that is read as it stands, or is refused by its field`() async throws {
        try await Served.run { served in
            let client = try served.client()
            var counts = (made: 0, refused: 0)
            for var input in MutatedInput.each(60) {
                served.host.set { $0 = FakeHost.State() }
                let body = input.mutate(
                    #"{"repository":"/r","branch":"b1","name":"n\u00e9","id":"abcd"}"#, #"{}[]":,\u019abcdenrtul.-"#)
                let answer = try await client.request("POST", "/v1/workspaces", body: body)
                let text = "seed \(input.seed): \(String(decoding: body, as: UTF8.self)): \(answer.text)"
                if [200, 201].contains(answer.status) {
                    counts.made += 1
                    let created = try #require(served.host.now.createdWorkspace, "\(text)")
                    let asked = try JSONDecoder().decode(Asked.self, from: Data(body))
                    #expect(created.repository == asked.repository && created.branch == asked.branch, "\(text)")
                    #expect(created.name == asked.name, "\(text)")
                } else {
                    counts.refused += 1
                    #expect(answer.status == 400, "\(text)")
                    #expect(try answer.code == "invalid_request", "\(text)")
                    #expect(served.host.calls == [], "\(text)")
                }
            }
            #expect(counts.made + counts.refused > 0)
        }
    }

    @Test func `has a session's body that is read, or is refused`() async throws {
        try await Served.run { served in
            let client = try served.client()
            for var input in MutatedInput.each(60) {
                served.host.set { $0 = FakeHost.State() }
                let body = input.mutate(
                    #"{"command":["sh","-c","x"],"env":{"A":"b"},"size":{"columns":80,"rows":24},"on_exit":"keep","cwd":"/"}"#,
                    #"{}[]":,\u019abcdenrtul.-"#)
                let answer = try await client.request("POST", "/v1/workspaces/wspace/sessions", body: body)
                let text = "seed \(input.seed): \(String(decoding: body, as: UTF8.self)): \(answer.text)"
                #expect([201, 400].contains(answer.status), "\(text)")
                #expect((answer.status == 201) == (served.host.now.createdSession != nil), "\(text)")
            }
        }
    }

    @Test func `is answered or hung up on, whatever its lines have become`() async throws {
        try await Served.run { served in
            let body = #"{"repository":"/r"}"#
            let whole =
                "POST /v1/workspaces?x HTTP/1.1\r\nHost: corral\r\nContent-Length: \(body.utf8.count)\r\n"
                + "Connection: keep-alive, Upgrade\r\n\r\n\(body)GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
            for var input in MutatedInput.each(20) {
                let client = try served.client()
                let sent = input.mutate(whole, " \r\n:/?%HTP10-x{}")
                for piece in input.pieces(sent).prefix(20) { try await client.send(Array(piece)) }
                client.shutdownWrite()
                let answer = try await client.rest()
                #expect(
                    answer.isEmpty || answer.starts(with: "HTTP/1.1 ".utf8),
                    "seed \(input.seed): \(String(decoding: answer.prefix(200), as: UTF8.self))")
            }
            #expect(try await served.client().request("GET", "/v1/status").status == 200)
        }
    }

    @Test func `as frames of an attached client ends that client's attachment and nobody else's`() async throws {
        try await Served.attached { bystander, attached, served in
            for var input in MutatedInput.each(20) {
                let client = try served.client()
                #expect(try await client.attach().status == 101, "seed \(input.seed)")
                let attachment = try #require(served.host.now.attachments.last)
                let frames =
                    RawClient.frame(2, Array("typed".utf8))
                    + RawClient.frame(1, Array(#"{"type":"resize","columns":80,"rows":24}"#.utf8))
                    + RawClient.frame(2, [1], isFinal: false) + RawClient.frame(9, [7]) + RawClient.frame(0, [2])
                    + RawClient.frame(2, [UInt8](repeating: 9, count: 300)) + RawClient.frame(8, [0x03, 0xE8])
                let sent = input.mutate(frames, "\u{01}\u{02}\u{08}\u{7f}")
                for piece in input.pieces(sent).prefix(20) { try await client.send(Array(piece)) }
                client.shutdownWrite()
                _ = try await client.rest()
                try await served.eventually("seed \(input.seed): it is detached") { attachment.isDetached }
                #expect(attachment.now.input.count <= sent.count, "seed \(input.seed)")
            }
            attached.emit(Array("still here".utf8))
            #expect(try await bystander.frame().text == "still here")
        }
    }
}
