import ArgumentParser
import HostClient
import HostProtocol

/// `corral session limit`
struct SessionLimit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Set, lift and show the limits of a session.",
        discussion: """
            They hold for all that runs in it, beside those of its workspace, and the kernel is asked whether \
            they do. Without an option it shows them.

            Examples:
              corral session limit tests --memory-max 1G --tasks-max 200
              corral session limit tests --memory-max infinity
            """
    )

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @OptionGroup var limits: LimitOptions
    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let id = try await client.sessionID(session)
        let document: SessionDocument
        if let request = limits.request {
            document = try await client.changeSession(id, ChangeRequest(limits: request))
        } else {
            document = try await client.session(id)
        }
        try Console.print(document, asJSON: host.json) {
            LimitText.table(document.limits, document.limitsInForce, .standardOutput)
        }
    }
}
