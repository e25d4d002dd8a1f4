import ArgumentParser
import HostClient
import HostProtocol
import HostService
import Logging

/// `corral-reaper`: one pass of the reaper, for a timer.
///
/// A running host is asked to make the pass; without one this process takes the host's lock and makes it itself, so that orphans
/// go even while `corral-host` is down.
@main
struct CorralReaper: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corral-reaper",
        abstract: "Ends what a crash of Corral left behind. One pass; meant for a systemd timer.",
        discussion: """
            Example: corral-reaper --dry-run

            Asks the running corral-host for a pass, or makes it itself when none runs. A scope that no record explains is
            remembered by the first pass and ended by the second. Reads the same configuration as corral-host.
            """,
        version: HostVersion.current)

    @OptionGroup var places: HostPlaces

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Also end scopes of workspaces that no record knows.")
    var unclaimed = false

    func run() async throws {
        var logger = places.logger("corral-reaper")
        do {
            let configuration = try places.configuration().configuration
            logger.logLevel = configuration.logLevel
            let outcome = try await OneShotReaper.run(
                configuration, dryRun: dryRun, unclaimed: unclaimed, logger: logger)
            switch outcome {
            case .reaped(let pass): try finish(pass)
            case .held(let socket):
                let pass = try await HostClient(socketPath: socket).reap(dryRun: dryRun, unclaimed: unclaimed)
                let what = dryRun ? "has looked, and ended nothing: it would have" : "has made the pass:"
                logger.info("The host \(what) reaped \(pass.reaped), failed \(pass.failed), kept \(pass.kept).")
                try finish(pass)
            case .nothingToDo: logger.info("No host was ever started here; there is nothing to reap.")
            }
        } catch let exit as ExitCode {
            throw exit
        } catch {
            throw ExitCode(StartRefusal.tell(error, .error, consequence: "nothing was reaped", to: logger))
        }
    }

    /// Three is "not confirmed", as everywhere: something that was to end did not.
    private func finish(_ pass: PassDocument) throws {
        // The journal has each thing already, by this process or by the host.
        if !places.writesToJournal { for line in pass.actions { print(line) } }
        if pass.failed > 0 { throw ExitCode(3) }
    }
}
