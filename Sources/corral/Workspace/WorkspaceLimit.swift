import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace limit`
struct WorkspaceLimit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Set, lift and show the limits of a workspace.",
        discussion: """
            They hold for all that runs in it together, from now on and for the sessions to come, and the kernel is asked whether \
            they do. Without an option it shows them.

            Examples:
              corral workspace limit fix-login --memory-max 4G --cpu-quota 200% --tasks-max 512
              corral workspace limit fix-login --memory-max infinity
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String

    @OptionGroup var limits: LimitOptions
    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let id = try await client.workspaceID(workspace)
        let document: WorkspaceDocument
        if let request = limits.request {
            document = try await client.changeWorkspace(id, ChangeRequest(limits: request))
        } else {
            document = try await client.workspace(id)
        }
        try Console.print(document, asJSON: host.json) {
            LimitText.table(document.limits, document.limitsInForce, .standardOutput)
        }
    }
}
