import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace freeze`
struct WorkspaceFreeze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract: "Stop all that runs in workspaces, until it is thawed.",
        discussion: """
            Everything in the workspace's slice stops where it is, without a signal: it takes no processor time, keeps its memory and \
            its connections, and knows nothing of it. Nothing can be started or typed in it meanwhile. It stays so over a restart \
            of the host. `corral workspace delete` works as ever.

            Examples:
              corral workspace freeze fix-login
              corral workspace freeze --all
            """
    )

    @OptionGroup var chosen: FreezeArguments

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        try await chosen.run(client, asJSON: host.json) {
            $0.sessions > 0 && $0.frozen != true
        } verb: { id in
            let document = try await client.freezeWorkspace(id)
            return VerbBatch.Outcome(
                json: { try Console.print(json: document) }, text: "workspace \(id) (\(document.name)): frozen",
                status: .done)
        }
    }
}
