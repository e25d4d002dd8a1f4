import ArgumentParser
import HostClient
import HostProtocol

/// `corral repository trust`
struct RepositoryTrust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Let a repository's setup and teardown scripts run.",
        discussion: """
            `.corral/setup` runs when a workspace is created and `.corral/teardown` before one is deleted, but only with \
            exactly the content that you trusted. Look at the scripts first. A script that has changed is skipped, with a \
            warning, until you trust it again; one that is not there any more is no longer trusted.

            Example:
              corral repository trust ~/src/app
            """
    )

    @Argument(help: ArgumentHelp("The repository, or a worktree of it.", valueName: "path"))
    var path: String

    @OptionGroup var host: HostOptions

    func run() async throws {
        let client = try host.client()
        let answer = try await client.trustRepository(try client.path(path))
        try Console.print(answer, asJSON: host.json) {
            let names = answer.trusted.map { ".corral/\($0)" }.joined(separator: " and ")
            return names.isEmpty
                ? "\(answer.repository) has no scripts; none is trusted." : "Trusted in \(answer.repository): \(names)"
        }
    }
}
