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
        try await SessionBatch.run(sessions, host, done: "thawed") { client, id in try await client.thawSession(id) }
    }
}
