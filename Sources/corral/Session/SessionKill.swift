import ArgumentParser
import HostClient
import HostProtocol

/// `corral session kill`
struct SessionKill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "End sessions and all that runs in them.",
        discussion: """
            Hangs up, then stops, then kills, and waits until the kernel confirms that nothing is left.

            Example:
              corral session kill tests

            Exit status: 0 confirmed, 3 not confirmed (yet), 4 refused, 5 not found.
            """
    )

    @Argument(help: ArgumentHelp("Ids or titles.", valueName: "session"))
    var sessions: [String]

    @Flag(help: "Kill at once, without asking the processes first.")
    var force = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let force = force
        let listed = await Listing { () async throws(HostClientFailure) in try await client.sessions() }
        try await VerbBatch.run(sessions, asJSON: host.json) { argument in
            let id = try HostClient.sessionID(argument, among: try listed.get())
            let end = try await client.killSession(id, force: force)
            return VerbBatch.Outcome(
                json: { try Console.print(json: end) }, text: SessionEndReport.text(end),
                status: end.outcome == .confirmed ? .done : .notConfirmed
            )
        }
    }
}
