import ArgumentParser

/// `corral repository`
struct RepositoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repository",
        abstract: "What holds for all workspaces of a repository.",
        subcommands: [RepositoryTrust.self]
    )
}
