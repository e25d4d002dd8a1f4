import HostClient
import HostProtocol

/// A host that is away, for as long as a restart of it may take: who waits for something asks again, and notices nothing.
struct HostAbsence {
    private let patience: Duration
    private var since: ContinuousClock.Instant?

    /// Begins with a host that is there.
    /// - Parameter patience: How long it may be away. A restart takes milliseconds, an upgrade of the package some seconds.
    init(patience: Duration = .seconds(10)) {
        self.patience = patience
    }

    /// The host was there.
    mutating func isOver() { since = nil }

    /// Waits a moment, if a failure says no more than that the host is away.
    /// - Returns: whether to ask again.
    mutating func bridge(_ failure: HostClientFailure, of client: HostClient) async -> Bool {
        guard Self.isAbsence(failure) else { return false }
        let began = since ?? .now
        since = began
        guard .now - began < patience else { return false }
        do { try await Task.sleep(for: client.address.retryPause) } catch { return false }
        return true
    }

    /// Whether a failure says no more than that the host is away.
    static func isAbsence(_ failure: HostClientFailure) -> Bool {
        switch failure {
        case .unreachable, .disconnected: true
        case .problem(let problem): problem.code == "shutting_down"
        case .badResponse, .timedOut, .cancelled: false
        }
    }
}
