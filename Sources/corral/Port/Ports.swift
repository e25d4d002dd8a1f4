import ArgumentParser
import HostClient
import HostProtocol

/// `corral ports`
struct Ports: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ports",
        abstract: "List the ports that workspaces serve.",
        discussion: """
            TCP sockets that listen and UDP sockets that are bound and not connected, of every process in a workspace's slice: \
            also of daemons that detached, of sessions whose shell has ended, and in other network namespaces. SEEN is when \
            the host saw the port first, which is not before somebody asked. What could not be looked into is told on \
            stderr.

            Example:
              corral ports .
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String?

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        var id: String?
        if let workspace { id = try await client.workspaceID(workspace) }
        let list = try await client.ports(workspace: id)
        try Console.print(list, asJSON: host.json) { PortText.table(list.ports, .local, .standardOutput) }
        if !host.json, let remark = PortText.remark(list) { Console.note("corral: \(remark)") }
    }
}
