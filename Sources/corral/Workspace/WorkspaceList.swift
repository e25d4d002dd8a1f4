import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace list`
struct WorkspaceList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the workspaces.",
        discussion: """
            Example:
              corral workspace list --all
            """,
        aliases: ["ls"]
    )

    @Flag(help: "Also those that are being deleted.")
    var all = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let workspaces = try await host.client().workspaces(all: all)
        try Console.print(workspaces, asJSON: host.json) {
            WorkspaceText.table(workspaces, .local, .standardOutput)
        }
    }
}
