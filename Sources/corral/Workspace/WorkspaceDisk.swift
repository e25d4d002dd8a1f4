import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace disk`
struct WorkspaceDisk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk",
        abstract: "Count how much of the disk a workspace takes.",
        discussion: """
            As du(1) counts: blocks, each file once, no other file system. It is counted now, at most for --timeout seconds; what \
            was not counted by then is missing, and it says so.

            Example:
              corral workspace disk fix-login
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String

    @Option(help: ArgumentHelp("How long to count at most.", valueName: "seconds"))
    var timeout: Double = 10

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let disk = try await client.diskUsage(of: try await client.workspaceID(workspace), within: timeout)
        try Console.print(disk, asJSON: host.json) {
            "\(disk.complete ? "" : "at least ")\(LimitText.bytes(disk.bytes)) in \(SessionEndReport.count(Int(disk.entries), "entry", "entries"))"
        }
        if let reason = disk.reason {
            Console.note("corral: not all of it was counted: \(Table.Cell.printable(reason)).")
            throw CommandStatus.notConfirmed
        }
    }
}
