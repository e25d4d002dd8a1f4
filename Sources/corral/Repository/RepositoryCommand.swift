import ArgumentParser

/// `corral repository`
struct RepositoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repository",
        abstract: "What holds for all workspaces of a repository.",
        discussion: """
            Example:
              corral repository trust ~/src/app
            """,
        subcommands: [RepositoryTrust.self]
    )
}
