import NIOHTTP1

/// `GET /v1/events[?since=ID|oldest][&follow=false]`: what happens, as server-sent events, until the client goes away.
///
/// `Last-Event-ID` is what a client sends that comes back by itself, and counts more than the address that it began with.
///
/// See: HTML Standard, "Server-sent events"; docs/events.md
struct StreamEvents: Route {
    let method = HTTPMethod.GET
    let path = "/v1/events"
    let queryKeys: Set<String> = ["since", "follow"]
    let description = RouteDescription(
        "What happens, as server-sent events: see docs/events.md.",
        [.init(status: .ok, content: .other("text/event-stream"), text: "Events, until the client goes away.")],
        failures: [.limitReached("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let since = try call.request.headers.first(name: "last-event-id") ?? call.query.text("since")
        let position = try since.map { text throws(HostFailure) in
            guard let position = EventPosition(text) else {
                throw .invalidRequest(
                    "follow the events since \"\(text.prefix(64))\": neither an event's id nor `oldest`; nothing was done"
                )
            }
            return position
        }
        let reader = try await host.events(since: position, follow: call.query.flag("follow", default: true))
        return .stream(["content-type": "text/event-stream", "cache-control": "no-store"], reader)
    }
}
