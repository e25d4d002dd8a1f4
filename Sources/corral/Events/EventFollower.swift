import HostClient
import NIOConcurrencyHelpers

/// Events that go on over the host's restarts: each once, and a `reset` where some are missing.
final class EventFollower: Sendable {
    private struct State {
        var since: String?
        var absence: HostAbsence
    }

    private let client: HostClient
    private let follow: Bool
    private let state: NIOLockedValueBox<State>

    /// Prepares to follow.
    /// - Parameters:
    ///   - since: See ``HostClient/followEvents(since:follow:_:)``.
    ///   - follow: Whether it goes on after what the host holds.
    init(_ client: HostClient, since: String?, follow: Bool, absence: HostAbsence = HostAbsence()) {
        self.client = client
        self.follow = follow
        state = NIOLockedValueBox(State(since: since, absence: absence))
    }

    /// Follows until all that is held was told, where that is the end; else for as long as a host is there.
    func run(_ take: @escaping @Sendable (ServerSentEvent) -> Void) async throws(HostClientFailure) {
        while true {
            do throws(HostClientFailure) {
                try await client.followEvents(since: state.withLockedValue { $0.since }, follow: follow) { item in
                    self.note(item)
                    if case .event(let event) = item { take(event) }
                }
                if !follow { return }
                // A host that ends a stream by itself is stopping.
                throw .disconnected(request: "GET /v1/events")
            } catch {
                var absence = state.withLockedValue { $0.absence }
                // Silence of a stream that had begun is a connection that is gone without a word.
                let isSilence = if case .timedOut = error { true } else { false }
                let failure = isSilence ? HostClientFailure.disconnected(request: "GET /v1/events") : error
                let goesOn = await absence.bridge(failure, of: client)
                state.withLockedValue { [absence] in $0.absence = absence }
                guard goesOn else { throw error }
            }
        }
    }

    private func note(_ item: EventStreamItem) {
        state.withLockedValue { state in
            switch item {
            case .event(let event): state.since = event.id
            case .position(let id): state.since = id
            }
            state.absence.isOver()
        }
    }
}
