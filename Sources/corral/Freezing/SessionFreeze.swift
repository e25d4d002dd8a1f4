import ArgumentParser
import HostClient
import HostProtocol

/// `corral session freeze`
struct SessionFreeze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract: "Stop all that runs in sessions, until it is thawed.",
        discussion: """
            Everything in the session stops where it is, without a signal; what is typed is refused meanwhile.

            Example:
              corral session freeze tests
            """
    )

    @Argument(help: ArgumentHelp("Ids or titles.", valueName: "session"))
    var sessions: [String]

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let listed = await Listing { () async throws(HostClientFailure) in try await client.sessions() }
        try await VerbBatch.run(sessions, asJSON: host.json, isEnding: false) { argument in
            let id = try HostClient.sessionID(argument, among: try listed.get())
            let document = try await client.freezeSession(id)
            return VerbBatch.Outcome(
                json: { try Console.print(json: document) }, text: "session \(id) (\(document.title)): frozen",
                status: .done)
        }
    }
}
