import ArgumentParser
import HostClient
import HostProtocol

/// `corral session show`
struct SessionShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all about a session.",
        discussion: """
            Example:
              corral session show tests
            """
    )

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let document = try await client.session(try await client.sessionID(session))
        try Console.print(document, asJSON: host.json) { SessionText.fields(document, .local, .standardOutput) }
    }
}
