import HostClient
import HostProtocol

/// A wait that outlasts the host's restarts.
///
/// Where the last input was sent is known to the host alone, and only until it ends. So a wait for output first asks what is there,
/// and then waits from the byte that the answer names: whichever host answers, it looks at the same bytes.
struct PatientWait {
    private let client: HostClient
    private let session: String

    /// Prepares to wait for a session, given by its id.
    init(_ client: HostClient, session: String) {
        self.client = client
        self.session = session
    }

    /// Waits, all in all for the request's timeout.
    func run(_ request: WaitRequest) async throws(HostClientFailure) -> WaitDocument {
        let timeout = Duration.seconds(request.timeout ?? WaitRequest.standardTimeout)
        let end = ContinuousClock.now + timeout
        var request = request
        var missed: UInt64 = 0
        if request.event == .output, request.from == nil, timeout > .zero {
            var first = request
            first.timeout = 0
            let there = try await ask(first, until: .now)
            guard there.outcome == .timedOut else { return there }
            request.from = there.seq
            missed = there.missed
        }
        var document = try await ask(request, until: end)
        document.missed += missed
        return document
    }

    private func ask(
        _ request: WaitRequest, until end: ContinuousClock.Instant
    ) async throws(HostClientFailure) -> WaitDocument {
        var request = request
        var absence = HostAbsence()
        while true {
            let asked = ContinuousClock.now
            request.timeout = max(0, (end - asked) / .seconds(1))
            do throws(HostClientFailure) {
                return try await client.wait(for: request, in: session)
            } catch {
                // A wait that was cut off after a while has found its host present.
                if .now - asked > .seconds(1) { absence.isOver() }
                guard await absence.bridge(error, of: client) else { throw error }
            }
        }
    }
}
