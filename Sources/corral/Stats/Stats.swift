import ArgumentParser
import HostClient
import HostProtocol

/// `corral stats`
struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what workspaces and sessions use.",
        discussion: """
            Processor time, memory, tasks and disk traffic as the kernel has counted them, and how much of the last ten seconds \
            was lost in waiting for each. What cannot be had shows as `-`, and below is why.

            Examples:
              corral stats
              corral stats fix-login --json
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in. Else all.", valueName: "workspace"))
    var workspace: String?

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        var id: String?
        if let workspace { id = try await client.workspaceID(workspace) }
        let document = try await client.stats(workspace: id)
        try Console.print(document, asJSON: host.json) {
            StatsText.text(document, withTotal: workspace == nil, .standardOutput)
        }
    }
}
