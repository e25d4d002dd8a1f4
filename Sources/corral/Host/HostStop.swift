import ArgumentParser
import Glibc
import HostClient
import HostProtocol

/// `corral host stop`
struct HostStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop the host service.",
        discussion: """
            A stop ends every session, since their terminals are the host's. Says how many that are, and asks. To keep them,
            restart it: corral host restart.

            Example:
              corral host stop --yes
            """
    )

    /// What is printed with `--json`.
    struct Stopped: Encodable {
        /// Whether a host was running.
        var stopped: Bool
        /// Live sessions that it had, null when it did not answer.
        var sessions: Int?

        /// Writes an unknown figure as `null`.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(stopped, forKey: .stopped)
            try container.encode(sessions, forKey: .sessions)
        }

        private enum CodingKeys: String, CodingKey {
            case stopped, sessions
        }
    }

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.places.localClient("host stop")
        let status = try await HostStart.running(client)
        let unit = HostUnit()
        guard try status != nil || unit.isActive() else {
            if host.json { try Console.print(json: Stopped(stopped: false, sessions: nil)) }
            if !host.json { Console.print("The host does not run.") }
            return
        }
        if let status, status.sessions > 0, !yes { try Self.confirm(sessions: status.sessions) }
        try unit.stop()
        if let left = try await HostStart.running(client) {
            throw CommandFailure.failed(
                """
                A host answers still (pid \(left.pid)): it was not started as \(HostUnit.name). Stop it where it was \
                started.
                """
            )
        }
        if host.json {
            try Console.print(json: Stopped(stopped: true, sessions: status?.sessions))
        } else {
            Console.print("The host has stopped.")
        }
    }

    /// Tells what would be lost and asks whether to go on.
    /// - Throws: ``CommandFailure`` when the answer is not yes, or when nobody is there to ask.
    private static func confirm(sessions: Int) throws {
        let loss = loss(sessions: sessions)
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure.refused("\(loss) Nothing was stopped. `corral host stop --yes` stops it all the same.")
        }
        Console.write(Array("\(loss)\nStop the host? [y/N] ".utf8), to: STDERR_FILENO)
        let answer = (readLine() ?? "").lowercased()
        guard ["y", "yes"].contains(answer) else { throw CommandFailure.refused("Nothing was stopped.") }
    }

    /// What stopping costs, in words.
    static func loss(sessions: Int) -> String {
        sessions == 1
            ? "1 live session will lose its terminal and end."
            : "\(sessions) live sessions will lose their terminals and end."
    }
}
