import ArgumentParser
import HostClient
import HostProtocol

/// `corral receipt`
struct ReceiptVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Show what a delete found and did.",
        discussion: """
            Of a workspace that was deleted more than once under the same name, the newest is shown.

            Example:
              corral receipt fix-login
            """
    )

    @Argument(help: ArgumentHelp("Id of a receipt, or id or name of a deleted workspace.", valueName: "receipt"))
    var receipt: String

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let document = try await find(client)
        try Console.print(document, asJSON: host.json) { ReceiptReport(document, .local).text }
    }

    private func find(_ client: HostClient) async throws -> ReceiptDocument {
        if NameResolution.couldBeID(receipt) {
            do {
                return try await client.receipt(receipt)
            } catch {
                // Not a receipt's id, so perhaps a workspace's.
                guard FailureReport(error).status == .notFound else { throw error }
            }
        }
        let known = try await client.receipts().first { [$0.id, $0.workspace, $0.workspaceName].contains(receipt) }
        guard let known else { throw CommandFailure.notFound(.receipt, name: receipt) }
        return known
    }
}
