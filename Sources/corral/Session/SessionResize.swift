import ArgumentParser
import HostClient

/// `corral session resize`
struct SessionResize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resize",
        abstract: "Change the size of a session's terminal.",
        discussion: """
            The next client that types brings its own size again.

            Example:
              corral session resize tests 200x50
            """
    )

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @Argument(help: ArgumentHelp("Columns and rows, each 1 to 1000.", valueName: "columnsxrows"))
    var size: SizeArgument

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let id = try await client.sessionID(session)
        try await client.resizeSession(id, to: size.size)
        if host.json { try Console.print(json: try await client.session(id)) }
    }
}
