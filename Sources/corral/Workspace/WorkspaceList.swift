import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace list`
struct WorkspaceList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the workspaces.",
        discussion: """
            Examples:
              corral workspace list --all
              corral --hosts local,ada@mill,ssh://forge:2222 workspace list
            """,
        aliases: ["ls"]
    )

    @Flag(help: "Also those that are being deleted.")
    var all = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let (all, time) = (all, TimeText.local)
        try await HostListing(headers: WorkspaceText.headers, row: { WorkspaceText.row($0, time) }) { client in
            try await client.workspaces(all: all)
        }.run(host)
    }
}
