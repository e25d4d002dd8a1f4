import CgroupPty
public import HostProtocol
public import Logging
import Reaper
import SessionIndex

/// One reaping without a host: what `corral-reaper` does when no host runs.
///
/// Takes the same lock as a host, so the two never act at once. What the first look remembers is kept in the runtime directory
/// for the next run of this boot.
public enum OneShotReaper {
    /// What came of it.
    public enum Outcome: Sendable {
        case reaped(PassDocument)
        /// A host, or another reaper, acts for the instance: ask it, at its socket.
        case held(socketPath: String)
        /// There is no state to reap by: no host was ever started here.
        case nothingToDo
    }

    /// Makes one pass.
    /// - Throws: what refuses a start, see ``HostService/run(_:logger:)``, or why the pass could not be made.
    public static func run(
        _ configuration: HostConfiguration, dryRun: Bool, unclaimed: Bool, logger: Logger
    ) async throws -> Outcome {
        guard try Instance.peekID(configuration.stateDirectory) != nil else { return .nothingToDo }
        let foundation: HostFoundation
        do {
            foundation = try await HostFoundation.lay(configuration, program: "corral-reaper", logger: logger)
        } catch IndexFailure.locked {
            return .held(socketPath: configuration.socketPath)
        }
        let context = foundation.context
        let file = ReaperMemoryFile(
            path: "\(configuration.runtimeDirectory)/\(context.instance).reaper", bootID: context.bootID,
            manager: context.ground.identity)
        let reaper = Reaper(
            index: context.index, systemd: context.systemd, ground: context.ground, monitor: context.monitor,
            procfs: context.procfs, instance: context.instance, bootID: context.bootID, executor: context.executor,
            settings: ReaperSettings(escapePolicy: configuration.escapePolicy), memory: try file.load())
        let result = await reaper.pass(dryRun: dryRun, unclaimed: unclaimed)
        // What was ended is in the journal also where it cannot be remembered.
        if case .success(let report) = result { context.tell(report) }
        if !dryRun { try file.store(await reaper.memory) }
        await foundation.close()
        return .reaped(PassDocument(try result.get()))
    }
}
