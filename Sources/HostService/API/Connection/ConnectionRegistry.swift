import NIOConcurrencyHelpers
import NIOCore

/// All connections that are open or still worked on: counts them, and ends them when the service stops.
///
/// A connection is counted until its task is over, not until its socket is closed. So the limit also bounds the
/// requests that are worked on at the same time, with clients that ask and go away too.
final class ConnectionRegistry: Sendable {
    /// What becomes of a new connection.
    enum Admission: Equatable {
        case served
        /// Told that there are too many.
        case refused
        /// Closed at once.
        case turnedAway
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isEnding = false
    }

    private let state = NIOLockedValueBox(State())
    private let limits: APILimits
    private let emptied: AsyncStream<Void>
    private let whenEmptied: AsyncStream<Void>.Continuation

    /// Begins empty.
    init(limits: APILimits) {
        self.limits = limits
        (emptied, whenEmptied) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Counts a new connection. One that is not turned away must ``leave(_:)``.
    func admit(_ channel: any Channel) -> Admission {
        state.withLockedValue { state in
            guard !state.isEnding, state.channels.count < limits.connections + limits.refusedConnections else {
                return .turnedAway
            }
            state.channels[ObjectIdentifier(channel)] = channel
            return state.channels.count <= limits.connections ? .served : .refused
        }
    }

    /// A connection's task is over.
    func leave(_ channel: any Channel) {
        let isEmptied = state.withLockedValue { state in
            state.channels[ObjectIdentifier(channel)] = nil
            return state.isEnding && state.channels.isEmpty
        }
        if isEmptied { whenEmptied.finish() }
    }

    /// Admits nobody from now on, asks all to end, waits for that, and closes those that are left.
    ///
    /// What a client asked for and the host still works on goes on, with nobody to answer.
    /// - Parameter grace: The longest wait.
    func end(within grace: Duration) async {
        let channels = state.withLockedValue { state in
            state.isEnding = true
            return Array(state.channels.values)
        }
        if channels.isEmpty { whenEmptied.finish() }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ConnectionShouldEnd()) }
        await waitUntilEmpty(atMost: grace)
        for channel in state.withLockedValue({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }

    private func waitUntilEmpty(atMost grace: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [emptied] in
                for await _ in emptied {}
            }
            group.addTask {
                do {
                    try await Task.sleep(for: grace)
                } catch {
                    // Cancelled: emptied in time, or the service is made to stop now.
                }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
