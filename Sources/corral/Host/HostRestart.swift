import ArgumentParser
import HostClient
import HostProtocol

/// `corral host restart`
struct HostRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restart the host service, for instance after an upgrade.",
        discussion: """
            Sessions go on, with their terminals and their output: systemd keeps them for the next host. Whoever is attached is
            attached again by itself. A host that is not corral-host.service is left alone.

            Example:
              corral host restart
            """
    )

    @OptionGroup var host: HostOptions

    func run() async throws {
        let unit = HostUnit()
        switch try await HostTarget.find(host.places, unit, verb: "host restart") {
        case .answering, .silent: try unit.restart()
        case .awaitingClient, .absent:
            throw CommandFailure.failed("The host does not run. `corral host start` starts it.")
        }
        let status = try await host.client().status()
        try Console.print(status, asJSON: host.json) {
            "The host runs again (pid \(status.pid)), with \(SessionEndReport.count(status.sessions, "session", "sessions"))."
        }
    }
}
