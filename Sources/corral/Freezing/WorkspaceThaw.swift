import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace thaw`
struct WorkspaceThaw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thaw",
        abstract: "Let all that runs in workspaces go on.",
        discussion: """
            Also sessions that were frozen for themselves go on.

            Examples:
              corral workspace thaw fix-login
              corral workspace thaw --all
            """
    )

    @OptionGroup var chosen: FreezeArguments

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        try await chosen.run(client, asJSON: host.json) {
            $0.frozen != false
        } verb: { id in
            let document = try await client.thawWorkspace(id)
            return VerbBatch.Outcome(
                json: { try Console.print(json: document) }, text: "workspace \(id) (\(document.name)): thawed",
                status: .done)
        }
    }
}
