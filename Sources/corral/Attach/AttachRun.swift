import Dispatch
import FoundationEssentials
import Glibc
import HostClient
import HostProtocol

/// One attachment from beginning to end: the terminal raw, keys to the session, output to the terminal, and the terminal
/// given back however it ends.
struct AttachRun {
    let client: HostClient
    let session: String
    private let isReadOnly: Bool
    private let keys: DetachKeys

    /// Prepares to attach to a session, given by its id.
    init(_ client: HostClient, session: String, _ options: AttachOptions) {
        self.client = client
        self.session = session
        isReadOnly = options.readOnly
        keys = options.detachKeys ?? .standard
    }

    /// Attaches and stays until the end.
    /// - Returns: the exit status; all that there is to say has been said.
    /// - Throws: ``CommandFailure`` and ``HostClientFailure`` when it cannot begin.
    func run() async throws -> CommandStatus {
        let environment = ProcessInfo.processInfo.environment
        try await checkNesting(environment: environment)
        let isTerminal = isatty(STDIN_FILENO) == 1
        let ended = await withCheckedContinuation { continuation in
            // A thread of its own: it blocks for as long as the attachment lasts.
            DispatchQueue(label: "attachment").async { continuation.resume(returning: stay(isTerminal)) }
        }
        var end = try ended.get()
        if case .failed(let failure) = end { end = await refusal(failure) }
        Console.note((isTerminal ? "\n" : "") + end.notice(session: session))
        return end.status
    }

    private func stay(_ isTerminal: Bool) -> Result<AttachEnd, any Error> {
        let isScreen = isatty(STDOUT_FILENO) == 1
        return Result {
            let socket = try AttachSocket.open(
                host: client.address, session: session,
                size: isTerminal && isScreen && !isReadOnly ? RawTerminal.size() : nil, isReadOnly: isReadOnly,
                timeout: HostClient.defaultTimeout)
            Console.note(
                Self.greeting(session: session, keys: keys, isReadOnly: isReadOnly, isTerminal: isTerminal))
            let pipe = try WakePipe()
            let terminal = isTerminal ? try RawTerminal(waking: pipe) : nil
            let loop = AttachLoop(
                socket, host: client.address, session: session, keys: keys, isReadOnly: isReadOnly,
                isTerminal: isTerminal, isScreen: isScreen, waking: pipe)
            let end = loop.run()
            // Raw until here: whoever ends first, no key may be echoed in between.
            _ = consume terminal
            return end
        }
    }

    /// What a host means that has come back and does not take us: most likely that the session has ended meanwhile.
    private func refusal(_ failure: HostClientFailure) async -> AttachEnd {
        let report = FailureReport(failure)
        guard report.problem.code == "session_ended" else { return .refused(report.text, report.status) }
        do {
            let document = try await client.session(session)
            return .sessionEnded(document.exit, document.endReason)
        } catch {
            return .refused(report.text, report.status)
        }
    }
}
