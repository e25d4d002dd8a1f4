import ArgumentParser
import HostClient
import HostProtocol

/// `corral host start`
struct HostStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start the host service, if it does not run.",
        discussion: """
            Starts corral-host.service under your systemd manager and waits until it is ready; and corral.socket, where that is \
            enabled and was stopped. To have it live on after you log out: loginctl enable-linger.

            Example:
              corral host start
            """
    )

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.places.localClient("host start")
        if let status = try await Self.running(client, isOwnUnit: host.places.isOwnHost) {
            return try Console.print(status, asJSON: host.json) { "The host runs already (pid \(status.pid))." }
        }
        try HostUnit().start(socket: host.places.socket)
        let status = try await client.status()
        try Console.print(status, asJSON: host.json) { "The host runs (pid \(status.pid))." }
    }

    /// The status of a host that answers, nil when none listens.
    static func running(_ client: HostClient, isOwnUnit: Bool = false) async throws -> StatusDocument? {
        do {
            return try await HostStatus.ask(client, isOwnUnit: isOwnUnit)
        } catch HostClientFailure.unreachable {
            return nil
        }
    }
}
