import ArgumentParser
import FoundationEssentials
import Glibc
import HostClient

/// `corral top`
struct TopVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch what workspaces and sessions use, and steer them.",
        discussion: """
            Workspaces and their sessions with processor time, memory, tasks, waiting and ports, once a second. Keys attach, kill \
            and delete; what ends something shows first what will die, and asks. `?` shows all keys.

            Examples:
              corral top
              corral top fix-login --sort memory

            For scripts there is `corral stats --json`.
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in. Else all.", valueName: "workspace"))
    var workspace: String?

    @Option(help: ArgumentHelp("Sort by cpu, memory, tasks or name.", valueName: "column"))
    var sort = TopOrder.cpu

    @Option(help: ArgumentHelp("From one look to the next, 0.1 to 3600.", valueName: "seconds"))
    var interval = 1.0

    @OptionGroup var places: HostPlaces

    func validate() throws {
        guard (0.1...3600).contains(interval) else { throw ValidationError("--interval takes 0.1 to 3600 seconds.") }
    }

    func run() async throws {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw CommandFailure.refused(
                "`corral top` draws on a terminal, and stdin or stdout is none. For scripts there is `corral stats --json`."
            )
        }
        guard let terminal = ProcessInfo.processInfo.environment["TERM"], !terminal.isEmpty, terminal != "dumb" else {
            throw CommandFailure.refused(
                "`corral top` draws all over the terminal, and TERM says that this one cannot. `corral stats` prints once."
            )
        }
        let client = try places.client()
        var id: String?
        if let workspace { id = try await client.workspaceID(workspace) }
        try await TopRun(
            client: client, workspace: id, interval: .seconds(interval), style: .standardOutput
        ).run(TopModel(order: sort))
    }
}
