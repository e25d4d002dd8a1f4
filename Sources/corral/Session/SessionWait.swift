import ArgumentParser
import HostClient
import HostProtocol

/// `corral session wait`
struct SessionWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a session has ended, has put out a line, or has fallen silent.",
        discussion: """
            `--exit` prints how the session ended, also of one that ended before. `--output` looks at lines of plain text, also \
            at an unfinished one, from where the last `session send` was, or at all that the host holds; it prints the line. \
            The terminal shows what is sent to it, so that `--output DONE` may find the command that says DONE: `'^DONE'` does \
            not. The pattern is that of `grep -E`, with \\d, \\w, \\s, \\b and a leading (?i). `--idle` counts from now on. A host \
            that restarts meanwhile does not end the wait.

            Examples:
              corral session wait tests --exit --timeout 3600
              corral session send tests 'make check; echo status $?' && corral session wait tests --output '^status [0-9]'
              corral session wait agent --idle 5

            Exit status: 0 it happened, 124 it did not in time, 1 the session ended before it happened.
            """
    )

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @Flag(help: "Until the session has ended.")
    var exit = false

    @Option(help: ArgumentHelp("Until a line matches.", valueName: "regex"))
    var output: String?

    @Option(help: ArgumentHelp("Until nothing has come for so long.", valueName: "seconds"))
    var idle: Double?

    @Option(help: ArgumentHelp("How long to wait at most, 0 to 3600.", valueName: "seconds"))
    var timeout: Double = WaitRequest.standardTimeout

    @Option(help: ArgumentHelp("With --output: the first byte to look at.", valueName: "seq"))
    var from: UInt64?

    @OptionGroup var host: HostOptions

    private static let seconds = 0.0...3600.0

    func validate() throws {
        guard [exit, output != nil, idle != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("Give one of --exit, --output and --idle.")
        }
        if let output, output.isEmpty { throw ValidationError("--output takes a regular expression.") }
        if let idle, !Self.seconds.contains(idle) { throw ValidationError("--idle takes 0 to 3600 seconds.") }
        if !Self.seconds.contains(timeout) { throw ValidationError("--timeout takes 0 to 3600 seconds.") }
        if from != nil, output == nil { throw ValidationError("--from belongs to --output.") }
    }

    /// What is asked for.
    var request: WaitRequest {
        if let output { return WaitRequest(for: .output, pattern: output, timeout: timeout, from: from) }
        if let idle { return WaitRequest(for: .idle, idleSeconds: idle, timeout: timeout) }
        return WaitRequest(for: .exit, timeout: timeout)
    }

    func run() async throws {
        let client = try host.client()
        let id = try await client.sessionID(session)
        let document = try await PatientWait(client, session: id).run(request)
        if host.json {
            try Console.print(json: document)
        } else {
            if let text = Self.result(document) { Console.print(text) }
            if let text = Self.note(document, session: id, timeout: timeout) { Console.note("corral: \(text)") }
        }
        let status = Self.status(document.outcome)
        if status != .done { throw status }
    }

    /// What is told of something that happened; nil when its happening is all.
    static func result(_ document: WaitDocument) -> String? {
        switch document.outcome {
        case .exited: SessionText.exit(document.exit, document.endReason) ?? "ended"
        case .matched: document.line.map(Table.Cell.printableLine)
        case .idle, .timedOut, .ended: nil
        }
    }

    /// What is told on stderr.
    static func note(_ document: WaitDocument, session: String, timeout: Double) -> String? {
        var notes: [String] = []
        switch document.outcome {
        case .exited, .matched, .idle: break
        case .timedOut: notes.append("session \(session): it did not happen in \(Self.number(timeout)) s")
        case .ended:
            let how = SessionText.exit(document.exit, document.endReason).map { " (\($0))" } ?? ""
            notes.append("session \(session) has ended\(how), and it has not happened")
        }
        if document.missed > 0 {
            notes.append("\(document.missed) bytes of output were gone before they could be looked at")
        }
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// How the process ends.
    static func status(_ outcome: WaitDocument.Outcome) -> CommandStatus {
        switch outcome {
        case .exited, .matched, .idle: .done
        case .timedOut: .timedOut
        case .ended: .other
        }
    }
}
