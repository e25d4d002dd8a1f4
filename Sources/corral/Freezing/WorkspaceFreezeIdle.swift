import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace freeze-idle`
struct WorkspaceFreezeIdle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze-idle",
        abstract: "Say after how long of no use a workspace is frozen.",
        discussion: """
            Nobody uses it when nobody is attached, no session has output or gets input, and all that runs in it takes less than \
            a hundredth of a processor. It goes on as soon as somebody attaches, sends input or starts a session in it. What serves others from it, \
            as a server for development, does not answer while it is frozen.

            Examples:
              corral workspace freeze-idle fix-login 30m
              corral workspace freeze-idle fix-login never
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
            try await client.workspaceID(workspace), ChangeRequest(freezeIdle: time.seconds ?? 0))
        try Console.print(document, asJSON: host.json) { WorkspaceText.fields(document, .local, .standardOutput) }
    }
}
