import ArgumentParser
import FoundationEssentials
import HostClient

/// What every verb that speaks to the host takes.
struct HostOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The host's socket. Else $CORRAL_SOCKET, else the one in the runtime directory.", valueName: "path"
        )
    )
    var socket: String?

    @Flag(help: "Print JSON for programs instead of text for people.")
    var json = false

    /// The host that is meant.
    /// - Throws: ``SocketPath/Failure`` when the environment does not tell.
    func client() throws -> HostClient {
        HostClient(
            socketPath: try SocketPath.resolve(explicit: socket, environment: ProcessInfo.processInfo.environment)
        )
    }
}
