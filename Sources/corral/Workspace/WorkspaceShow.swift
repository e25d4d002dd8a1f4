import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace show`
struct WorkspaceShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all about a workspace.",
        discussion: """
            Example:
              corral workspace show .
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let document = try await client.workspace(try await client.workspaceID(workspace))
        if host.json { return try Console.print(json: document) }
        Console.print(WorkspaceText.fields(document, .local, .standardOutput))
        let sessions = try await client.sessions(workspace: document.id)
        if !sessions.isEmpty { Console.print("\n" + SessionText.table(sessions, .local, .standardOutput)) }
    }
}
