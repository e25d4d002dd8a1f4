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

    @Option(help: "Least severe messages to write: debug, info, notice, warning, error. [info]")
    var logLevel: String?

    @Option(
        name: .customLong("configuration"),
        help: ArgumentHelp(
            "Read this file alone, not /etc/corral/corral.conf and the others of corral.conf(5).", valueName: "file"))
    var configurationFile: String?

    /// Nothing chosen.
    public init() {}

    /// Puts the configuration together for the calling user.
    /// - Parameter options: what other options of the command line say.
    /// - Throws: ``ConfigurationFailure`` with all that is wrong with it; ``HostConfiguration/Failure`` when the environment does not
    ///   say where things are.
    public func configuration(options: [ConfigurationAssignment] = []) throws -> SettledConfiguration {
        let environment = ProcessInfo.processInfo.environment
        return try configuration(sources(environment), options, environment)
    }

    /// The files that it is read from.
    func sources(_ environment: [String: String]) -> ConfigurationSources {
        configurationFile.map { ConfigurationSources(only: $0) }
            ?? ConfigurationSources(.ofCaller, environment: environment)
    }

    /// Puts the configuration together of these files, for a process with this environment.
    /// - Throws: as ``configuration(options:)``.
    func configuration(
        _ sources: ConfigurationSources, _ options: [ConfigurationAssignment], _ environment: [String: String]
    ) throws -> SettledConfiguration {
        let own: [ConfigurationAssignment?] = [
            // On a command line a per cent sign is one, as with systemd's own programs.
            .option("--state-directory", stateDirectory?.replacing("%", with: "%%")), .option("--log-level", logLevel),
        ]
        return try SettledConfiguration(
            sources, options: own.compactMap { $0 } + options, runtimeDirectory: runtimeDirectory,
            environment: environment, machineID: try BootIdentity.machineID())
    }

    /// Whether what is logged goes to the journal.
    public var writesToJournal: Bool { Journal.isStandardError(environment: ProcessInfo.processInfo.environment) }

    /// A logger to the journal, or to standard error where that is none. It writes what matters until it is told its level.
    public func logger(_ identifier: String) -> Logger {
        let environment = ProcessInfo.processInfo.environment
        return Logger(label: identifier) { _ in
            JournalLogHandler(identifier: identifier, environment: environment)
        }
    }
}
