import ArgumentParser
import HostClient
import HostProtocol

/// `corral session list`
struct SessionList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the sessions, of all workspaces or of one.",
        discussion: """
            Sessions that have ended are listed for as long as the host keeps their records, after those that live.

            Example:
              corral session list .
            """,
        aliases: ["ls"]
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String?

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        var id: String?
        if let workspace { id = try await client.workspaceID(workspace) }
        let sessions = try await client.sessions(workspace: id)
        try Console.print(sessions, asJSON: host.json) {
            let isOver = { (session: SessionDocument) in session.status == .exited || session.status == .disposed }
            return SessionText.table(
                sessions.filter { !isOver($0) } + sessions.filter(isOver), .local, .standardOutput
            )
        }
    }
}
