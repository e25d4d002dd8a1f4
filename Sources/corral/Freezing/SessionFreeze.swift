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
        try await SessionBatch.run(sessions, host, done: "frozen") { client, id in try await client.freezeSession(id) }
    }
}
