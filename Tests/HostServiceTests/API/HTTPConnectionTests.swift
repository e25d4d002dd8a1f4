import HostProtocol
import Testing

@testable import HostService

@Suite struct `A connection` {
    @Test func `carries requests one after the other`() async throws {
        try await Served.run { served in
            let client = try served.client()
            for _ in 0..<3 { #expect(try await client.request("GET", "/v1/status").status == 200) }
            #expect(served.host.calls == ["status", "status", "status"])
        }
    }

    @Test func `answers requests sent ahead in their order`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(
                "GET /v1/sessions/aaaa HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "GET /v1/sessions/bbbb HTTP/1.1\r\nHost: x\r\n\r\n"
            )
            #expect(try await client.response().document(SessionDocument.self).id == "aaaa")
            #expect(try await client.response().status == 404)
            #expect(try await client.response().document(SessionDocument.self).id == "bbbb")
        }
    }

    @Test func `takes a request a byte at a time`() async throws {
        try await Served.run { served in
            let client = try served.client()
            for byte in Array("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n".utf8) { try await client.send([byte]) }
            #expect(try await client.response().status == 200)
        }
    }

    @Test func `takes a body in chunks`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(
                "POST /v1/sessions/sess1/input HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            )
            #expect(try await client.response().status == 204)
            #expect(served.host.now.input.bytes == Array("abcde".utf8))
        }
    }

    @Test func `ends when the client asks for it`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let answer = try await client.request("GET", "/v1/status", headers: ["Connection": "close"])
            #expect(answer.headers["connection"] == "close")
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `of HTTP 1.0 carries one request`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /v1/status HTTP/1.0\r\n\r\n")
            #expect(try await client.response().status == 200)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `answers a client that has closed its sending half`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
            client.shutdownWrite()
            #expect(try await client.response().status == 200)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `asks for a body that waits to be asked for`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(
                "POST /v1/sessions/sess1/input HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(try await client.response().status == 100)
            try await client.send("abc")
            #expect(try await client.response().status == 204)
        }
    }

    // An upgrade request stops NIO's parser for good; without `close` the client's next request would be waited for
    // in vain.
    @Test func `ends after an upgrade that is not WebSocket's was offered`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let answer = try await client.request(
                "GET", "/v1/status", headers: ["Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"]
            )
            #expect(answer.status == 200)
            #expect(answer.headers["connection"] == "close")
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `of a web page is refused`() async throws {
        try await Served.run { served in
            let answer = try await served.client().request("GET", "/v1/status", headers: ["Origin": "http://localhost"])
            #expect(answer.status == 403)
            #expect(try answer.code == "forbidden")
            #expect(served.host.calls == [])
        }
    }

    // MARK: What is not HTTP

    @Test(arguments: [
        "\u{0}\u{1}\u{2}garbage\r\n\r\n",
        "hello\r\n\r\n",
        "GET /v1/status HTTP/2.0\r\n\r\n",
        "BREW /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\nHost x\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/workspaces HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/workspaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/workspaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n",
        "POST /v1/workspaces HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ])
    func `of anything but HTTP is told so and closed`(bytes: String) async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(bytes)
            let answer = try await client.response()
            #expect(answer.status == 400)
            #expect(try answer.code == "invalid_request")
            #expect(answer.headers["connection"] == "close")
            #expect(try await client.isAtEnd())
            #expect(served.host.calls == [])
            #expect(try await served.client().request("GET", "/v1/status").status == 200, "others are served")
        }
    }

    // What came after the first bytes once closed the connection before the answer was out.
    @Test func `of anything but HTTP is told so, however much of it comes`() async throws {
        try await Served.run { served in
            for _ in 0..<10 {
                let client = try served.client()
                for _ in 0..<32 { try await client.send([UInt8](repeating: 7, count: 64 << 10)) }
                #expect(try await client.response().status == 400)
            }
        }
    }

    @Test func `that breaks off within a request is told so`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("POST /v1/workspaces HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            client.shutdownWrite()
            #expect(try await client.response().status == 400)
            #expect(try await client.isAtEnd())
            #expect(served.host.calls == [])
        }
    }

    @Test func `without a request is closed without an answer`() async throws {
        try await Served.run { served in
            let client = try served.client()
            client.shutdownWrite()
            #expect(try await client.isAtEnd())
        }
    }

    // MARK: Clients that go away (I7)

    @Test func `that is lost does not stop what it asked for`() async throws {
        try await Served.run { served in
            let gate = CallGate()
            served.host.set { $0.gate = gate }
            let client = try served.client()
            try await client.send("DELETE /v1/workspaces/wspace HTTP/1.1\r\nHost: x\r\n\r\n")
            try await served.eventually("the delete is under way") { served.host.calls.count == 1 }
            client.disconnect()
            try await Task.sleep(for: .milliseconds(200))
            #expect(served.host.calls.count == 1)
            gate.open()
            try await served.eventually("the delete is done") { served.host.calls.last == "delete done" }
            #expect(try await served.client().request("GET", "/v1/status").status == 200)
            #expect(served.log.lines == [])
        }
    }

    private static let wait =
        #"POST /v1/sessions/sess1/wait HTTP/1.1\#r\nHost: x\#r\nContent-Length: 14\#r\n\#r\n{"for":"exit"}"#
        .replacing(#"\#r\n"#, with: "\r\n")

    @Test func `that is lost ends what it only waited for`() async throws {
        try await Served.run { served in
            served.host.set { $0.waitsForever = true }
            let client = try served.client()
            try await client.send(Self.wait)
            try await served.eventually("the wait is under way") { served.host.calls == ["wait sess1"] }
            client.disconnect()
            try await served.eventually("the wait is over") { served.host.calls.last == "wait cancelled" }
            #expect(served.log.lines == [])
        }
    }

    @Test func `that waits and has closed its sending half gets its answer`() async throws {
        try await Served.run { served in
            served.host.set { $0.waitsForever = true }
            let client = try served.client()
            try await client.send(Self.wait)
            client.shutdownWrite()
            try await served.eventually("the wait is under way") { served.host.calls == ["wait sess1"] }
            try await Task.sleep(for: .milliseconds(100))
            #expect(served.host.calls == ["wait sess1"])
            await served.stop()
            #expect(try await client.response().status == 503)
        }
    }

    // MARK: The service stops

    @Test func `that waits is told so at once when the service stops`() async throws {
        var limits = APILimits()
        limits.shutdownGrace = .seconds(60)
        try await Served.run(limits: limits) { served in
            served.host.set { $0.waitsForever = true }
            let client = try served.client()
            try await client.send(Self.wait)
            try await served.eventually("the wait is under way") { served.host.calls == ["wait sess1"] }
            await served.stop()
            let answer = try await client.response()
            #expect(answer.status == 503)
            #expect(try answer.code == "shutting_down")
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `that idles is closed at once when the service stops`() async throws {
        var limits = APILimits()
        limits.shutdownGrace = .seconds(60)
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            #expect(try await client.request("GET", "/v1/status").status == 200)
            await served.stop()
            #expect(try await client.isAtEnd())
            #expect(throws: RawClient.Failure.self) { try served.client() }
        }
    }

    @Test func `that works gets its answer when the service stops, the last one`() async throws {
        try await Served.run { served in
            let gate = CallGate()
            served.host.set { $0.gate = gate }
            let client = try served.client()
            async let answer = client.request("DELETE", "/v1/workspaces/wspace")
            try await served.eventually("the delete is under way") { !served.host.calls.isEmpty }
            await served.stop()
            try await served.eventually("nobody is accepted") {
                do { _ = try served.client() } catch { return true }
                return false
            }
            gate.open()
            #expect(try await answer.status == 200)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `that works too long is closed when the service stops`() async throws {
        var limits = APILimits()
        limits.shutdownGrace = .milliseconds(200)
        let gate = CallGate()
        try await Served.run(limits: limits) { served in
            served.host.set { $0.gate = gate }
            let client = try served.client()
            try await client.send("DELETE /v1/workspaces/wspace HTTP/1.1\r\nHost: x\r\n\r\n")
            try await served.eventually("the delete is under way") { !served.host.calls.isEmpty }
            await served.stop()
            #expect(try await client.isAtEnd())
        }
        // The server has returned although the host has not.
        gate.open()
    }
}
