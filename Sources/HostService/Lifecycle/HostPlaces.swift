public import ArgumentParser
import CgroupPty
import Glibc
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
            stateDirectory: stateDirectory, runtimeDirectory: runtimeDirectory, environment: Self.environment(),
            machineID: try BootIdentity.machineID())
    }

    /// A logger to the journal, or to standard error where that is none.
    public func logger(_ identifier: String) -> Logger {
        let environment = Self.environment()
        var logger = Logger(label: identifier) { _ in
            JournalLogHandler(identifier: identifier, environment: environment)
        }
        logger.logLevel = logLevel
        return logger
    }

    private static func environment() -> [String: String] {
        var values: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(
                separator: "=" as Character, maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { values[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return values
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
