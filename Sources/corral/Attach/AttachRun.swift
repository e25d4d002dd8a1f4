import FoundationEssentials
import Glibc
import HostClient
import HostProtocol

/// One attachment from beginning to end: the terminal raw, keys to the session, output to the terminal, and the terminal
/// given back however it ends.
///
/// A connection that breaks is made again, from the byte after the last one that arrived, for as long as a host's restart
/// may take.
struct AttachRun {
    /// How long a host may be away. A restart takes milliseconds, an upgrade of the package some seconds.
    private static let patience: Duration = .seconds(10)
    /// Before each try: a host that restarts is back after some milliseconds.
    private static let pause: Duration = .milliseconds(50)

    private let client: HostClient
    private let session: String
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
        try Self.checkNesting(session: session, environment: environment)
        let connection = try await client.attach(to: session)
        let isTerminal = isatty(STDIN_FILENO) == 1
        Console.note(Self.greeting(session: session, keys: keys, isReadOnly: isReadOnly, isTerminal: isTerminal))
        let end = try await stay(connection, isTerminal: isTerminal)
        Console.note((isTerminal ? "\n" : "") + end.notice(session: session))
        return end.status
    }

    private func stay(_ connection: AttachConnection, isTerminal: Bool) async throws -> AttachEnd {
        let pipe = try WakePipe()
        let input = TerminalInput(pipe)
        let terminal = isTerminal ? try RawTerminal(waking: pipe) : nil
        let link = AttachLink(connection)
        let end = await withTaskGroup(of: AttachEnd?.self) { group in
            group.addTask { await type(input, into: link, isTerminal: isTerminal) }
            group.addTask { await show(connection, link, isTerminal: isTerminal) }
            var end: AttachEnd?
            while end == nil, let finished = await group.next() { end = finished }
            input.stop()
            await link.close()
            group.cancelAll()
            return end ?? .detached
        }
        // Raw until here: whoever ends first, no key may be echoed in between.
        _ = consume terminal
        return end
    }

    /// Carries what the user types to the session.
    /// - Returns: `detached` for the detach keys or a terminal that has gone; nil when the input is at its end and the
    ///   attachment is not.
    private func type(_ input: TerminalInput, into link: AttachLink, isTerminal: Bool) async -> AttachEnd? {
        var matcher = DetachKeyMatcher(isTerminal ? keys : DetachKeys(keys: []))
        var isListening = isTerminal || !isReadOnly
        await tellSize(to: link, isTerminal: isTerminal)
        while true {
            switch await input.next(listening: isListening) {
            case .typed(let bytes):
                let result = matcher.read(bytes)
                if !isReadOnly, !result.input.isEmpty { await link.type(result.input) }
                if result.isDetached { return .detached }
            case .resized:
                await tellSize(to: link, isTerminal: isTerminal)
            case .ended:
                if isTerminal { return .detached }
                isListening = false
            case .stopped:
                return nil
            }
        }
    }

    private func tellSize(to link: AttachLink, isTerminal: Bool) async {
        guard isTerminal, !isReadOnly, let size = RawTerminal.size() else { return }
        await link.resize(to: size)
    }

    /// Carries the session's output to the terminal, over as many connections as it takes.
    private func show(_ first: AttachConnection, _ link: AttachLink, isTerminal: Bool) async -> AttachEnd {
        var connection = first
        var position = AttachPosition()
        var modes = TerminalModes()
        let output = TerminalOutput()
        while true {
            var closed = 1006
            for await event in connection.events {
                switch event {
                case .bytes(let bytes):
                    position.read(byteCount: bytes.count)
                    if isTerminal, modes.read(bytes) { RawTerminal.noteReset(modes.reset) }
                    await output.write(bytes)
                case .message(let message):
                    position.read(message)
                    if message.type == .ended { return .sessionEnded(message.exit, message.endReason) }
                    // What is on the screen is not what comes next.
                    if message.mode == .reanchor, isTerminal {
                        await output.write(Array("\u{1b}[0m\u{1b}[2J\u{1b}[H".utf8))
                    }
                case .closed(let code):
                    closed = code
                }
            }
            if await link.isClosed { return .detached }
            await link.disconnect()
            if !Self.isWorthRetrying(closed) {
                return .refused("The host closed the connection (WebSocket code \(closed)).", .other)
            }
            switch await reconnect(from: position) {
            case .success(let next):
                connection = next
                await link.reconnect(next)
            case .failure(.unreachable), .failure(.disconnected), .failure(.timedOut), .failure(.cancelled):
                return .hostGone
            case .failure(let failure):
                return await refusal(failure)
            }
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

    /// Tries to go on where the last connection broke off.
    private func reconnect(from position: AttachPosition) async -> Result<AttachConnection, HostClientFailure> {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do {
                try await Task.sleep(for: Self.pause)
            } catch {
                return .failure(.cancelled(request: "attach \(session)"))
            }
            let failure: HostClientFailure
            do {
                return .success(
                    try await client.attach(
                        to: session, from: position.next, epoch: position.epoch, timeout: Self.patience)
                )
            } catch {
                failure = error
            }
            switch failure {
            case .unreachable, .disconnected:
                if ContinuousClock.now >= deadline { return .failure(failure) }
            case .problem(let problem) where problem.code == "shutting_down" && ContinuousClock.now < deadline: break
            case .problem, .badResponse, .timedOut, .cancelled: return .failure(failure)
            }
        }
    }

    /// Whether another connection can do better than one that was closed with this code.
    ///
    /// Not when the host called our frames wrong (1002, 1003, 1007, 1009) or us (1008), or found an error in itself (1011).
    ///
    /// See: RFC 6455 section 7.4.1
    static func isWorthRetrying(_ code: Int) -> Bool {
        ![1002, 1003, 1007, 1008, 1009, 1011].contains(code)
    }
}
