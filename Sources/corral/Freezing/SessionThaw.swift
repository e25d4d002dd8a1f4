import ArgumentParser
import HostClient
import HostProtocol

/// `corral session thaw`
struct SessionThaw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thaw",
        abstract: "Let all that runs in sessions go on.",
        discussion: """
            A session that is frozen with its workspace goes on with that: `corral workspace thaw`.

            Example:
              corral session thaw tests
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
            let document = try await client.thawSession(id)
            return VerbBatch.Outcome(
                json: { try Console.print(json: document) }, text: "session \(id) (\(document.title)): thawed",
                status: .done)
        }
    }
}
