import ArgumentParser
import HostClient
import HostProtocol

/// `corral session create`
struct SessionCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Start a session in a workspace.",
        discussion: """
            Prints the session's id. Without a command it runs your login shell.

            Examples:
              corral session create fix-login --attach
              corral session create fix-login --title tests --env CI=1 -- make watch
            """
    )

    @Argument(help: ArgumentHelp("Id, name, or `.` for the one you are in.", valueName: "workspace"))
    var workspace: String

    @Option(help: ArgumentHelp("What to call it. Else the command's name.", valueName: "title"))
    var title: String?

    @Option(help: ArgumentHelp("Where it starts, absolute or relative to the workspace.", valueName: "directory"))
    var cwd: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Adds to the environment. Can be given more than once.", valueName: "name=value")
    )
    var env: [EnvironmentArgument] = []

    @Option(help: ArgumentHelp("Columns and rows, 120x32 when absent.", valueName: "columnsxrows"))
    var size: SizeArgument?

    @Option(
        help: ArgumentHelp("What becomes of the rest when the command exits: kill or keep.", valueName: "kill|keep"))
    var onExit: OnExitArgument?

    @Option(help: ArgumentHelp("End it after so long, for instance 8h.", valueName: "time"))
    var maxRuntime: TimeSpanArgument?

    @Option(help: ArgumentHelp("End it after so long without output, input and clients.", valueName: "time"))
    var idleTimeout: TimeSpanArgument?

    @Option(help: ArgumentHelp("An id of your own, 4 to 32 of a-z and 0-9; makes a repeated create harmless."))
    var id: String?

    @Flag(help: "Attach to it at once.")
    var attach = false

    @OptionGroup var keys: AttachOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("After `--`: what to run, with its arguments.", valueName: "command")
    )
    var command: [String] = []

    @OptionGroup var host: HostOptions

    func validate() throws {
        if attach, host.json { throw ValidationError("--attach needs the terminal for itself: leave --json out.") }
        if !attach, keys.areGiven { throw ValidationError("--read-only and --detach-keys belong to --attach.") }
    }

    func run() async throws {
        if attach { try AttachRun.checkTerminal(isReadOnly: keys.readOnly) }
        let client = try host.client()
        let fallback = attach ? RawTerminal.size() : nil
        let request = CreateSessionRequest(
            title: title, cwd: cwd,
            env: env.isEmpty ? nil : Dictionary(env.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
            size: size?.size ?? fallback, onExit: onExit?.choice, id: id, command: command.isEmpty ? nil : command,
            limits: limits.request, maxRuntime: maxRuntime?.seconds, idleTimeout: idleTimeout?.seconds
        )
        let creation = try await client.createSession(in: try await client.workspaceID(workspace), request)
        let session = creation.document
        if attach {
            throw try await AttachRun(client, session: session.id, keys).run()
        }
        try Console.print(session, asJSON: host.json) { session.id }
        if !creation.isNew, !host.json { Console.note("It was there already.") }
    }
}
