import FoundationEssentials
import HostClient
import NIOConcurrencyHelpers
import Testing

@testable import corral

@Suite struct `Who follows the events` {
    /// An answer in chunks, with or without its end.
    private static func stream(_ events: String, isWhole: Bool) -> [UInt8] {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunk = String(events.utf8.count, radix: 16) + "\r\n" + events + "\r\n"
        return Array((head + chunk + (isWhole ? "0\r\n\r\n" : "")).utf8)
    }

    private static func target(_ request: String) -> Substring? { request.split(separator: " ").dropFirst().first }

    @Test func `goes on after the last id over a broken connection and over the end of a host`() async throws {
        let server = try await CannedServer { request in
            switch Self.target(request) {
            case "/v1/events": .reply(Self.stream("id: e-1\n\nid: e-2\nevent: a\ndata: {\"n\":2}\n\n", isWhole: false))
            case "/v1/events?since=e-2":
                .reply(Self.stream("id: e-2\n\nid: f-0\nevent: reset\ndata: {}\n\n", isWhole: true))
            case "/v1/events?since=f-0":
                .reply(Self.stream("id: f-0\n\nid: f-1\nevent: a\ndata: {}\n\n", isWhole: true))
            default: .hangUp
            }
        }
        defer { server.stop() }
        let seen = NIOLockedValueBox<[String]>([])
        let follower = EventFollower(
            HostClient(socketPath: server.path), since: nil, follow: true,
            absence: HostAbsence(patience: .seconds(2)))
        await #expect(throws: HostClientFailure.self, "a host that does not come back is told") {
            try await follower.run { event in seen.withLockedValue { $0.append(event.id) } }
        }
        #expect(seen.withLockedValue { $0 } == ["e-2", "f-0", "f-1"])
        #expect(
            server.requests.prefix(4).map(Self.target) == [
                "/v1/events", "/v1/events?since=e-2", "/v1/events?since=f-0", "/v1/events?since=f-1",
            ])
    }

    @Test func `ends with what is held when it is not to go on`() async throws {
        let server = try await CannedServer { _ in
            .reply(Self.stream("id: e-1\nevent: a\ndata: {}\n\n", isWhole: true))
        }
        defer { server.stop() }
        let seen = NIOLockedValueBox<[ServerSentEvent]>([])
        try await EventFollower(HostClient(socketPath: server.path), since: "oldest", follow: false).run { event in
            seen.withLockedValue { $0.append(event) }
        }
        #expect(seen.withLockedValue { $0 } == [ServerSentEvent(id: "e-1", kind: "a", data: "{}")])
        #expect(server.requests.map(Self.target) == ["/v1/events?since=oldest&follow=false"])
    }

    @Test func `reads a line for people of any event`() throws {
        let time = TimeText(now: Date(timeIntervalSince1970: 0)) { _ in 0 }
        let known = """
            {"id":"e-1","kind":"session_exited","at":"2026-11-22T21:02:58.123Z","workspace":"w1","session":"s1",\
            "message":"Session s1 ended:\\u001b[2J exited."}
            """
        #expect(
            EventText.line(ServerSentEvent(id: "e-1", kind: "session_exited", data: known), time)
                == "2026-11-22 21:02:58  session_exited      Session s1 ended:\u{fffd}[2J exited.")
        #expect(EventText.line(ServerSentEvent(id: "e-1", kind: "newer", data: "{}"), time) == "newer  {}")
    }
}
