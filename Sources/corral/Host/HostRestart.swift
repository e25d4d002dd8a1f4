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
            attached again by itself.

            Example:
              corral host restart
            """
    )

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.places.localClient("host restart")
        let unit = HostUnit()
        guard try unit.isActive() else {
            if let status = try await HostStart.running(client) {
                throw CommandFailure.failed(
                    """
                    The host (pid \(status.pid)) was not started as \(HostUnit.name), so systemd keeps nothing for it. Stop it \
                    where it was started; its sessions end with it.
                    """
                )
            }
            throw CommandFailure.failed("The host does not run. `corral host start` starts it.")
        }
        try unit.restart()
        let status = try await client.status()
        try Console.print(status, asJSON: host.json) {
            "The host runs again (pid \(status.pid)), with \(SessionEndReport.count(status.sessions, "session", "sessions"))."
        }
    }
}
