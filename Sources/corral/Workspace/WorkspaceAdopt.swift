import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace adopt`
struct WorkspaceAdopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Make a workspace of a directory that is there.",
        discussion: """
            The directory is never removed from disk, also not when the workspace is deleted; only what runs in the \
            workspace ends then.

            Example:
              corral workspace adopt ~/src/app --name app
            """
    )

    @Argument(help: ArgumentHelp("The directory.", valueName: "path"))
    var path: String

    @Option(help: ArgumentHelp("What to call it. Else the directory's name.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("An id of your own, 4 to 32 of a-z and 0-9; makes a repeated adopt harmless."))
    var id: String?

    @OptionGroup(title: "Limits") var limits: LimitOptions

    @Option(help: ArgumentHelp("Freeze it after so long of no use, or never.", valueName: "time"))
    var freezeIdle: TimeSpanArgument?

    @Option(help: ArgumentHelp("Delete it after so long, unless work would be lost; or never.", valueName: "time"))
    var expires: TimeSpanArgument?

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let request = CreateWorkspaceRequest(
            kind: .adopted, path: try client.path(path), name: name, id: id, limits: limits.request,
            freezeIdle: freezeIdle.map { $0.seconds ?? 0 }, expiresIn: expires.map { $0.seconds ?? 0 }
        )
        try await WorkspaceCreation.perform(request, client, asJSON: host.json)
    }
}
