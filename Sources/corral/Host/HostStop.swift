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
            A stop ends every session, since their terminals are the host's. Says how many that are, and asks. To keep them, \
            restart it: corral host restart. Where corral.socket would start the host for the next client, it is stopped too, \
            and comes back with corral host start, or at the next login. A host that is not corral-host.service is left alone, \
            and so is what sessions with --on-exit keep have left behind.

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
        /// Whether `corral.socket`, which would have started it again, was stopped too.
        var socketStopped: Bool

        /// Writes an unknown figure as `null`.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(stopped, forKey: .stopped)
            try container.encode(sessions, forKey: .sessions)
            try container.encode(socketStopped, forKey: .socketStopped)
        }

        private enum CodingKeys: String, CodingKey {
            case stopped, sessions
            case socketStopped = "socket_stopped"
        }
    }

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let unit = HostUnit()
        let state: HostUnitState
        var sessions: Int?
        var kept: [String] = []
        switch try await HostTarget.find(host.places, unit, verb: "host stop") {
        case .answering(let status, let found):
            (state, sessions) = (found, status.sessions)
            kept = await keptSessions()
            if status.sessions > 0, !yes { try Self.confirm(loss: Self.loss(sessions: status.sessions)) }
        case .silent(let found):
            state = found
            if !yes { try Self.confirm(loss: Self.unknownLoss) }
        case .awaitingClient(let found): state = found
        case .absent:
            return try Console.print(
                Stopped(stopped: false, sessions: nil, socketStopped: false), asJSON: host.json
            ) { "The host does not run." }
        }
        try unit.stop(state)
        if !kept.isEmpty {
            Console.note(
                "corral: what these have left behind goes on (--on-exit keep): \(kept.joined(separator: ", ")).")
        }
        try Console.print(
            Stopped(stopped: state.isActive, sessions: sessions, socketStopped: state.socketIsActive), asJSON: host.json
        ) { Self.text(state, unit) }
    }

    /// Sessions that have ended and left processes behind, which a stop of the host leaves alone; none where the host does not say.
    private func keptSessions() async -> [String] {
        do {
            return try await host.client().sessions()
                .filter { $0.status == .exited && $0.onExit == .keep && ($0.members ?? 0) > 0 }.map(\.id)
        } catch {
            return []
        }
    }

    /// What has been done, in words.
    /// - Parameter state: How the unit was before.
    static func text(_ state: HostUnitState, _ unit: HostUnit) -> String {
        let host = state.isActive ? "The host has stopped." : "The host did not run."
        guard state.socketIsActive else { return host }
        let start =
            state.socketIsEnabled
            ? "corral host start" : "systemctl \(unit.isUser ? "--user " : "")start \(HostUnit.socketName)"
        return """
            \(host) \(HostUnit.socketName), which would start it for the next client, has been stopped too; `\(start)` starts it \
            again.
            """
    }

    /// Tells what would be lost and asks whether to go on.
    /// - Throws: ``CommandFailure`` when the answer is not yes, or when nobody is there to ask.
    private static func confirm(loss: String) throws {
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

    /// The same, of a host that does not answer.
    static let unknownLoss =
        "The host does not answer, so it is not known how many sessions will lose their terminals and end."
}
