import ArgumentParser

/// `corral port …`
struct PortCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "port",
        abstract: "Close a port that a workspace serves.",
        discussion: """
            `corral ports` lists the ports.

            Example:
              corral port kill fix-login 3000
            """,
        subcommands: [PortKill.self]
    )
}
