import ArgumentParser
import HostClient
import HostProtocol

/// `corral host status`
struct HostStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the host is.",
        discussion: """
            Example:
              corral host status --json

            Exit status: 0 it answers, 69 it cannot be reached.
            """
    )

    @OptionGroup var host: HostOptions

    func run() async throws {
        try await Self.show(host)
    }

    /// Asks for the status and prints it.
    static func show(_ host: HostOptions) async throws {
        let status = try await host.client().status()
        try Console.print(status, asJSON: host.json) { StatusReport.text(status, .local, .standardOutput) }
    }
}
