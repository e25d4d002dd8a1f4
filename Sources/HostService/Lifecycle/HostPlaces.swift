public import ArgumentParser
import CgroupPty
import FoundationEssentials
public import Logging

/// The options that say where a host's things are: the same for `corral-host` and `corral-reaper`.
public struct HostPlaces: ParsableArguments {
    @Option(
        help:
            "Directory of the index and the worktrees. [$XDG_STATE_HOME/corral/<machine-id>; root: /var/lib/corral/<machine-id>]"
    )
    var stateDirectory: String?

    @Option(help: "Directory of the socket. [$XDG_RUNTIME_DIR/corral; root: /run/corral]")
    var runtimeDirectory: String?

    @Option(help: "Least severe messages to write: debug, info, notice, warning, error.")
    var logLevel: Logger.Level = .info

    /// Nothing chosen.
    public init() {}

    /// Settles the configuration for the calling user.
    public func configuration() throws -> HostConfiguration {
        try HostConfiguration(
            stateDirectory: stateDirectory, runtimeDirectory: runtimeDirectory,
            environment: ProcessInfo.processInfo.environment,
            machineID: try BootIdentity.machineID())
    }

    /// A logger to the journal, or to standard error where that is none.
    public func logger(_ identifier: String) -> Logger {
        let environment = ProcessInfo.processInfo.environment
        var logger = Logger(label: identifier) { _ in
            JournalLogHandler(identifier: identifier, environment: environment)
        }
        logger.logLevel = logLevel
        return logger
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
