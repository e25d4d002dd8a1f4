import ArgumentParser
import HostClient
import HostProtocol

/// `corral reap`
struct Reap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reap",
        abstract: "Compare what lives with what should, and end what should not.",
        discussion: """
            The host does this by itself every few minutes. Scopes of Corral's that no record explains are only listed; \
            --unclaimed ends them too.

            Example:
              corral reap --dry-run

            Exit status: 0 done, 3 something that should end did not.
            """
    )

    @Flag(help: "Say what would be ended and end nothing.")
    var dryRun = false

    @Flag(help: "Also end what no record explains.")
    var unclaimed = false

    @OptionGroup var host: HostOptions

    func run() async throws {
        let pass = try await host.client().reap(dryRun: dryRun, unclaimed: unclaimed)
        try Console.print(pass, asJSON: host.json) { PassReport.text(pass, isPlanned: dryRun) }
        if pass.failed > 0 { throw CommandStatus.notConfirmed }
    }
}
