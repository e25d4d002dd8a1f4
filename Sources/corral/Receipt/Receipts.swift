import ArgumentParser
import HostClient
import HostProtocol

/// `corral receipts`
struct Receipts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipts",
        abstract: "List what deletes have left on record, the newest first.",
        discussion: """
            A receipt outlives its workspace. A deleted workspace's id or name works here too.

            Example:
              corral receipts fix-login
            """
    )

    @Argument(help: ArgumentHelp("Id or name of a workspace, also of one that is gone.", valueName: "workspace"))
    var workspace: String?

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        var receipts = try await client.receipts()
        if let workspace {
            // A name that is known only from a receipt is no failure of the look-up, so the receipts are asked first.
            let known = receipts.filter { $0.workspace == workspace || $0.workspaceName == workspace }
            if known.isEmpty {
                let id = try await client.workspaceID(workspace)
                receipts = receipts.filter { $0.workspace == id }
                if receipts.isEmpty, NameResolution.couldBeID(workspace) { _ = try await client.workspace(id) }
            } else {
                receipts = known
            }
        }
        try Console.print(receipts, asJSON: host.json) { ReceiptTable.text(receipts, .local, .standardOutput) }
    }
}
