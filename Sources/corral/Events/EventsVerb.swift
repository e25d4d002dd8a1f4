import ArgumentParser
import HostClient

/// `corral events`
struct EventsVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Print what happens, as it happens.",
        discussion: """
            Prints a line for each thing that happens to workspaces and sessions, until it is interrupted, also over a restart of \
            the host. Each event has an id; --since goes on after one, and loses nothing that the host still holds: the last \
            10,000 since it was started. When some are missing, the event `reset` says so.

            With --json each line is a document: docs/events.md lists the kinds and their fields.

            Examples:
              corral events
              corral events --since oldest --no-follow
              corral events --json | jq -r 'select(.kind == "session_exited") | .session'
            """
    )

    @Option(
        help: ArgumentHelp(
            "Begin after the event with this id, or with the `oldest` that is held. Else with what comes.",
            valueName: "id"))
    var since: String?

    @Flag(inversion: .prefixedNo, help: "Go on after what the host holds.")
    var follow = true

    @OptionGroup var host: HostOptions

    func run() async throws {
        let asJSON = host.json
        try await EventFollower(try host.client(), since: since, follow: follow).run { event in
            Console.print(asJSON ? event.data : EventText.line(event, .local))
        }
    }
}
