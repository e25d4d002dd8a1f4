import HostClient
import HostProtocol
import NIOConcurrencyHelpers
import Testing

@testable import HostService

@Suite struct `A stream of events` {
    @Test func `begins with where it is and goes on with what happens`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /v1/events HTTP/1.1\r\nHost: corral\r\n\r\n")
            let head = try await client.response(hasBody: false)
            #expect(head.status == 200)
            #expect(head.headers["content-type"] == "text/event-stream")
            #expect(head.headers["transfer-encoding"] == "chunked")
            #expect(try await client.chunk() == "retry: 1000\nid: e0-0\n\n")
            try served.host.hub.publish(SampleEvents.event(1))
            let event = try await client.chunk()
            #expect(event.hasPrefix("id: e0-1\nevent: session_started\ndata: {"))
            #expect(event.hasSuffix("}\n\n"))
            #expect(served.host.calls == ["events since=- follow=true"])
        }
    }

    @Test func `that does not follow ends, and the connection serves on`() async throws {
        try await Served.run { served in
            for number in 1...3 { try served.host.hub.publish(SampleEvents.event(number)) }
            let client = try served.client()
            try await client.send("GET /v1/events?since=e0-1&follow=false HTTP/1.1\r\nHost: corral\r\n\r\n")
            #expect(try await client.response(hasBody: false).status == 200)
            _ = try await client.chunk()
            let events = try await client.chunk()
            #expect(events.contains("id: e0-2\n") && events.contains("id: e0-3\n") && !events.contains("id: e0-1\n"))
            #expect(try await client.chunk().isEmpty)
            #expect(try await client.request("GET", "/v1/status").status == 200)
        }
    }

    @Test func `goes on from the header of a client that comes back, whatever its address says`() async throws {
        try await Served.run { served in
            for number in 1...3 { try served.host.hub.publish(SampleEvents.event(number)) }
            let client = try served.client()
            try await client.send(
                "GET /v1/events?since=e0-1&follow=false HTTP/1.1\r\nHost: corral\r\nLast-Event-ID: e0-2\r\n\r\n")
            _ = try await client.response(hasBody: false)
            _ = try await client.chunk()
            #expect(try await !client.chunk().contains("id: e0-2\n"))
        }
    }

    @Test func `is announced by HEAD and not begun`() async throws {
        try await Served.run { served in
            let client = try served.client()
            for _ in 0..<5 {
                let head = try await client.request("HEAD", "/v1/events")
                #expect(head.status == 200)
                #expect(head.headers["content-type"] == "text/event-stream")
            }
        }
    }

    @Test func `goes without chunks to a client of HTTP 1 point 0`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /v1/events?follow=false HTTP/1.0\r\n\r\n")
            let head = try await client.response(hasBody: false)
            #expect(head.headers["transfer-encoding"] == nil)
            #expect(try await client.text("\n\n") == "retry: 1000\nid: e0-0\n\n")
            #expect(try await client.isAtEnd())
        }
    }

    @Test(arguments: ["/v1/events?since=nonsense", "/v1/events?since", "/v1/events?follow=maybe", "/v1/events?from=1"])
    func `is refused with a reason`(target: String) async throws {
        try await Served.run { served in
            let answer = try await served.client().request("GET", target)
            #expect(answer.status == 400)
            #expect(try answer.code == "invalid_request")
        }
    }

    @Test func `is refused to one client too many, until another is gone`() async throws {
        try await Served.run { served in
            var clients: [RawClient] = []
            for _ in 0..<3 {
                let client = try served.client()
                try await client.send("GET /v1/events HTTP/1.1\r\nHost: corral\r\n\r\n")
                #expect(try await client.response(hasBody: false).status == 200)
                clients.append(client)
            }
            let late = try served.client()
            let refused = try await late.request("GET", "/v1/events")
            #expect(refused.status == 503)
            #expect(try refused.code == "limit_reached")
            clients[0].disconnect()
            try await served.eventually("another may follow") {
                try await served.client().request("HEAD", "/v1/events").status == 200
            }
        }
    }

    @Test func `ends in order when the service stops`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /v1/events HTTP/1.1\r\nHost: corral\r\n\r\n")
            _ = try await client.response(hasBody: false)
            _ = try await client.chunk()
            await served.stop()
            #expect(try await client.chunk().isEmpty)
            #expect(try await client.isAtEnd())
        }
    }

    /// Regression by design: a reader that takes nothing must cost nothing and must learn that it has missed something.
    @Test func `is closed to a client that is slower than the events`() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send("GET /v1/events HTTP/1.1\r\nHost: corral\r\n\r\n")
            _ = try await client.response(hasBody: false)
            var last = try await client.chunk()
            // Far more than a socket holds, and than the hub does.
            for number in 1...4000 { try served.host.hub.publish(SampleEvents.event(number, filler: 4000)) }
            await #expect(throws: RawClient.Failure.self) {
                while true { last = try await client.chunk() }
            }
            let id = try #require(SampleEvents.lastID(last))
            let again = try served.client()
            try await again.send("GET /v1/events?since=\(id)&follow=false HTTP/1.1\r\nHost: corral\r\n\r\n")
            _ = try await again.response(hasBody: false)
            #expect(try await again.chunk().contains("event: reset\n"))
        }
    }

    @Test func `loses nothing and repeats nothing at a thousand events a second`() async throws {
        try await Served.run { served in
            let client = HostClient(socketPath: served.path)
            let seen = NIOLockedValueBox<[String]>([])
            let isOpen = NIOLockedValueBox(false)
            let following = Task {
                try await client.followEvents { item in
                    switch item {
                    case .event(let event): seen.withLockedValue { $0.append(event.id) }
                    case .position: isOpen.withLockedValue { $0 = true }
                    }
                }
            }
            try await served.eventually("it follows") { isOpen.withLockedValue { $0 } }
            let began = ContinuousClock.now
            for number in 1...3000 {
                try served.host.hub.publish(SampleEvents.event(number, filler: 200))
                let due = began + .milliseconds(number)
                if number % 10 == 0, due > .now { try await Task.sleep(until: due) }
            }
            try await served.eventually("all have come") { seen.withLockedValue { $0.count } >= 3000 }
            #expect(seen.withLockedValue { $0 } == (1...3000).map { "e0-\($0)" })
            following.cancel()
            await #expect(throws: HostClientFailure.cancelled(request: "GET /v1/events")) {
                try await following.value
            }
        }
    }

    @Test func `tells the client what it is refused for`() async throws {
        try await Served.run { served in
            let client = HostClient(socketPath: served.path)
            await #expect {
                try await client.followEvents(since: "nonsense") { _ in }
            } throws: { error in
                guard case HostClientFailure.problem(let problem)? = error as? HostClientFailure else { return false }
                return problem.code == "invalid_request"
            }
        }
    }
}

extension SampleEvents {
    /// The id of the last event in a piece of a stream.
    static func lastID(_ text: String) -> String? {
        text.split(separator: "\n").last { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }
}
