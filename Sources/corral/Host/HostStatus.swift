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

    /// Asks a host for its status.
    ///
    /// systemd keeps the socket of a host that cannot start and is tried again: whoever connects waits for nobody.
    /// - Parameter isOwnUnit: Whether the host would be the unit of this machine.
    /// - Throws: ``CommandFailure`` with where to look when the unit does not start; else as `HostClient.status`.
    static func ask(_ client: HostClient, isOwnUnit: Bool) async throws -> StatusDocument {
        do {
            return try await client.status(timeout: isOwnUnit ? .seconds(5) : HostClient.defaultTimeout)
        } catch HostClientFailure.timedOut where isOwnUnit {
            try HostUnit().refuseIfRetried()
            return try await client.status()
        }
    }

    /// Asks for the status and prints it.
    static func show(_ host: HostOptions) async throws {
        let status = try await ask(host.client(), isOwnUnit: host.places.isOwnHost)
        try Console.print(status, asJSON: host.json) { StatusReport.text(status, .local, .standardOutput) }
    }
}
