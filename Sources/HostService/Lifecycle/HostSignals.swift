import CgroupPty
import Glibc
import Logging
import UnixSignals

/// What asks the host to end, SIGTERM, SIGINT and SIGHUP, or to become another build of itself, SIGUSR2; taken from the first line of
/// the start on.
///
/// By default each of them ends the process at once. In the middle of a start that would leave sessions alive whose terminals are lost: a
/// stop comes after the start instead, and ends them in order. The first one decides, and later ones say nothing new. Refuses to wait for a
/// start that does not come to its end: the process is given up some seconds after it was asked to end, and has ended nobody then.
final class HostSignals: Sendable {
    private struct State {
        var hasCome = false
        var isSuccession = false
        var answer: (@Sendable () async -> Void)?
    }

    /// What a start may still take that was asked to end: some ten times as long as one takes.
    private static let patience = Duration.seconds(5)

    private let state = Locked(State())
    private let logger: Logger

    /// Begins to take them.
    init(logger: Logger) async {
        self.logger = logger
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr2)
        Task { for await signal in signals { await take(signal) } }
    }

    /// Whether the host is to become another build of itself, once it has been asked.
    var isSuccession: Bool { state.withLock { $0.isSuccession } }

    /// Says what is to be done once the host is asked, which may have been before.
    func answer(by body: @escaping @Sendable () async -> Void) async {
        let hasCome = state.withLock { state in
            state.answer = body
            return state.hasCome
        }
        if hasCome { await body() }
    }

    private func take(_ signal: UnixSignal) async {
        let isSuccession = signal == .sigusr2
        if isSuccession, !canBeSucceeded() { return }
        let (isFirst, answer) = state.withLock { state in
            defer { state.hasCome = true }
            if !state.hasCome { state.isSuccession = isSuccession }
            return (!state.hasCome, state.answer)
        }
        guard isFirst else { return }
        if let answer { return await answer() }
        if !isSuccession { Task { await giveUpStart() } }
    }

    private func giveUpStart() async {
        do { try await Task.sleep(for: Self.patience) } catch { return }
        guard state.withLock({ $0.answer == nil }) else { return }
        logger.error("Asked to end \(Self.patience) ago, and the start has not come to its end; no session was ended.")
        _exit(128 + SIGTERM)
    }

    private func canBeSucceeded() -> Bool {
        do throws(SystemCallFailure) {
            let path = try Successor.ownPath()
            try retryingInterrupted("access", path) { access(path, X_OK) }
            return true
        } catch {
            logger.error("SIGUSR2: \(error); this host goes on.")
            return false
        }
    }
}
