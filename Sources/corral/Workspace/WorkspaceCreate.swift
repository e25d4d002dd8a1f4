import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace create`
struct WorkspaceCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a git worktree and a workspace for it.",
        discussion: """
            Prints the id and the path. A branch that has a workspace already gives that workspace; a branch that is not \
            there is made from --base.

            Example:
              corral workspace create --repository ~/src/app --branch fix-login --base main
            """
    )

    @Option(help: ArgumentHelp("Any path inside the repository.", valueName: "path"))
    var repository: String

    @Option(help: ArgumentHelp("Branch to check out. Else a new one, corral/ID.", valueName: "branch"))
    var branch: String?

    @Option(help: ArgumentHelp("Where a new branch starts. Else HEAD.", valueName: "ref"))
    var base: String?

    @Option(help: ArgumentHelp("What to call it. Else the branch's name.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("An id of your own, 4 to 32 of a-z and 0-9; makes a repeated create harmless."))
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
            kind: .worktree, repository: try client.path(repository), branch: branch, base: base, name: name, id: id,
            limits: limits.request, freezeIdle: freezeIdle.map { $0.seconds ?? 0 },
            expiresIn: expires.map { $0.seconds ?? 0 }
        )
        try await WorkspaceCreation.perform(request, client, asJSON: host.json)
    }
}
