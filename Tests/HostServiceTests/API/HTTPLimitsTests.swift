import Testing

@testable import HostService

@Suite struct `A bounded connection (I8)` {
    @Test func `takes a body up to the limit`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let most = [UInt8](repeating: 1, count: 1 << 20)
            #expect(try await client.request("POST", "/v1/sessions/sess1/input", body: most).status == 204)
            #expect(served.host.now.input.bytes.count == 1 << 20)
        }
    }

    @Test func `refuses a body that is announced as too large before it comes`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(
                "POST /v1/sessions/sess1/input HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")
            let answer = try await client.response()
            #expect(answer.status == 413)
            #expect(try answer.code == "payload_too_large")
            #expect(answer.headers["connection"] == "close")
        }
    }

    // The client writes all of it before it reads. Closing at once would reset the connection under it.
    @Test(arguments: [true, false])
    func `tells a client that sends too much, whole`(isChunked: Bool) async throws {
        try await Served.run { served in
            let client = try served.client()
            let count = 4 << 20
            let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(count)"
            try await client.send("POST /v1/sessions/sess1/input HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n")
            if isChunked { try await client.send("\(String(count, radix: 16))\r\n") }
            try await client.send([UInt8](repeating: 1, count: count))
            #expect(try await client.response().status == 413)
            #expect(served.host.calls == [])
        }
    }

    @Test(arguments: [
        "X-Long: \(String(repeating: "x", count: 70_000))\r\n",
        String(repeating: "X-Many: \(String(repeating: "x", count: 990))\r\n", count: 80),
        String(repeating: "X: 1\r\n", count: 200),
    ])
    func `refuses a header beyond the limit`(header: String) async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\(header)\r\n")
            let answer = try await client.response()
            #expect(answer.status == 431)
            #expect(try answer.code == "headers_too_large")
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `refuses an address beyond the limit`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /\(String(repeating: "x", count: 70_000)) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await client.response().status == 431)
        }
    }

    @Test(arguments: ["", "GET /v1/sta", "POST /v1/workspaces HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"])
    func `that sends no whole request in time is closed`(beginning: String) async throws {
        var limits = APILimits()
        limits.clientWait = .milliseconds(300)
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            try await client.send(beginning)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `that idles after an answer is closed`() async throws {
        var limits = APILimits()
        limits.clientWait = .seconds(2)
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            #expect(try await client.request("GET", "/v1/status").status == 200)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func `whose client does not read is closed`() async throws {
        var limits = APILimits()
        limits.clientWait = .seconds(2)
        try await Served.run(limits: limits) { served in
            served.host.set { $0.output.bytes = [UInt8](repeating: 1, count: 4 << 20) }
            let client = try served.client()
            try await client.send("GET /v1/sessions/sess1/output HTTP/1.1\r\nHost: x\r\n\r\n")
            // Pipelined, so that a request is waiting while the first answer is stuck.
            try await client.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
            try await served.eventually("the first is worked on") { !served.host.calls.isEmpty }
            try await Task.sleep(for: .seconds(4))
            await #expect(throws: RawClient.Failure.self) { _ = try await client.response() }
        }
    }

    // The wait for the answer to be read once replaced the linger, and held the place for a minute.
    @Test func `lingers after its last answer, but not for long`() async throws {
        var limits = APILimits()
        limits.connections = 1
        limits.refusedConnections = 0
        limits.linger = .milliseconds(300)
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            #expect(try await client.request("GET", "/v1/status", headers: ["Connection": "close"]).status == 200)
            #expect(try await client.isAtEnd(), "the server's half is closed, the client's stays open")
            try await served.eventually("the place is free") {
                do {
                    return try await served.client().request("GET", "/v1/status").status == 200
                } catch is RawClient.Failure {
                    return false
                }
            }
        }
    }

    @Test func `is not closed while its request is worked on`() async throws {
        var limits = APILimits()
        limits.clientWait = .seconds(2)
        try await Served.run(limits: limits) { served in
            let gate = CallGate()
            served.host.set { $0.gate = gate }
            let client = try served.client()
            async let answer = client.request("DELETE", "/v1/workspaces/wspace")
            try await served.eventually("the delete is under way") { !served.host.calls.isEmpty }
            try await Task.sleep(for: .seconds(4))
            gate.open()
            #expect(try await answer.status == 200)
        }
    }

    @Test func `beyond the limit is told so, and beyond that closed`() async throws {
        var limits = APILimits()
        limits.connections = 2
        limits.refusedConnections = 1
        limits.linger = .seconds(60)
        try await Served.run(limits: limits) { [limits] served in
            let first = try served.client()
            let second = try served.client()
            #expect(try await first.request("GET", "/v1/status").status == 200)
            #expect(try await second.request("GET", "/v1/status").status == 200)
            let third = try served.client()
            let answer = try await third.request("GET", "/v1/status")
            #expect(answer.status == 503)
            #expect(try answer.code == "limit_reached")
            #expect(try answer.detail.contains("\(limits.connections) connections"))
            #expect(try await third.isAtEnd())
            // The third still lingers; a fourth is not even told.
            let fourth = try served.client()
            #expect(try await fourth.isAtEnd())
            // A place that becomes free is given away again.
            first.disconnect()
            third.disconnect()
            try await served.eventually("a place is free") {
                do {
                    return try await served.client().request("GET", "/v1/status").status == 200
                } catch is RawClient.Failure {
                    return false
                }
            }
        }
    }
}
