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

            Examples:
              corral session list .
              corral --hosts local,ada@mill session list
            """,
        aliases: ["ls"]
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String?

    @OptionGroup var host: HostOptions

    func run() async throws {
        let (workspace, time, json) = (workspace, TimeText.local, host.json)
        try await HostListing(headers: SessionText.headers, row: { SessionText.row($0, time) }) { client in
            var id: String?
            if let workspace { id = try await client.workspaceID(workspace) }
            let sessions = try await client.sessions(workspace: id)
            if json { return sessions }
            let isOver = { (session: SessionDocument) in session.status == .exited || session.status == .disposed }
            return sessions.filter { !isOver($0) } + sessions.filter(isOver)
        }.run(host)
    }
}
