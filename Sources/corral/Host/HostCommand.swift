import ArgumentParser

/// `corral host …`
struct HostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Start, restart, stop and look at the host service.",
        discussion: """
            The host service, corral-host, keeps the terminals. It runs under your own systemd manager; as root, under the \
            system's.

            Example:
              corral host start
            """,
        subcommands: [HostStart.self, HostStatus.self, HostRestart.self, HostStop.self]
    )
}
