import ArgumentParser
import HostClient
import HostProtocol

/// `corral port kill`
struct PortKill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "End the processes that wait at a port of a workspace.",
        discussion: """
            Ends those processes of the workspace that have the port open, and no others: SIGTERM, and SIGKILL after five \
            seconds. Then looks whether the port is closed. A session's leader is refused: `corral session kill` ends it with \
            its session.

            Example:
              corral port kill fix-login 3000

            Exit status: 0 closed, 3 not closed (yet) or not known, 4 refused, 5 nobody waits there.
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String

    @Argument(help: ArgumentHelp("The port's number.", valueName: "port"))
    var port: Int

    @Option(help: ArgumentHelp("Only this protocol; both when absent.", valueName: "tcp|udp"))
    var `protocol`: TransportArgument?

    @Flag(help: "Kill at once, without asking the processes first.")
    var force = false

    @OptionGroup var host: HostOptions

    func validate() throws {
        guard (1...65_535).contains(port) else { throw ValidationError("A port is a number from 1 to 65535.") }
    }

    func run() async throws {
        let client = try host.client()
        let end: PortEndDocument
        do {
            end = try await client.closePort(
                PortSelection(
                    workspace: try await client.workspaceID(workspace), port: port, transport: `protocol`?.choice,
                    force: force))
        } catch let failure as HostClientFailure {
            guard let report = FailureReport(failure, whileEnding: true) else { throw failure }
            Console.note("corral: \(report.text)")
            throw report.status
        }
        try Console.print(end, asJSON: host.json) { PortText.end(end) }
        if end.closed != true { throw CommandStatus.notConfirmed }
    }
}
