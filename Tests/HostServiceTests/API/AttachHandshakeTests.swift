import HostProtocol
import Testing

@testable import HostService

@Suite struct `A client that attaches` {
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
            try await served.eventually("the early bytes arrive") { attachment.text == "early" }
        }
    }

    @Test(
        arguments: [
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

    @Test(
        arguments: [
            (["Upgrade": ""], 426, "upgrade_required"), (["Connection": "keep-alive"], 426, "upgrade_required"),
            (["Upgrade": "h2c"], 426, "upgrade_required"), (["Sec-WebSocket-Version": "8"], 426, "upgrade_required"),
            (["Sec-WebSocket-Key": "short"], 400, "invalid_request"),
            (["Origin": "http://evil.example"], 403, "forbidden"),
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
}
