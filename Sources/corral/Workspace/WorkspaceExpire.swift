import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace expire`
struct WorkspaceExpire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expire",
        abstract: "Say after how long from now a workspace is deleted by itself.",
        discussion: """
            It is deleted as by `corral workspace delete` without --force, with a receipt: where work would be lost it is kept, \
            and tried again every hour. An event warns an hour before. A directory that was adopted is not removed from disk; \
            what runs in it ends.

            Examples:
              corral workspace expire fix-login 7d
              corral workspace expire fix-login never
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String

    @Argument(help: ArgumentHelp("For instance 90s, 30m, 1h30m, 7d, or never.", valueName: "time"))
    var time: TimeSpanArgument

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let document = try await client.changeWorkspace(
            try await client.workspaceID(workspace), ChangeRequest(expiresIn: time.seconds ?? 0))
        try Console.print(document, asJSON: host.json) { WorkspaceText.fields(document, .local, .standardOutput) }
    }
}
