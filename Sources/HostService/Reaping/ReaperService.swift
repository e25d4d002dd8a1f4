import CgroupPty
import FoundationEssentials
import HostProtocol
import Logging
import Reaper
import SessionIndex

/// The reaper as a part of the host: passes at readiness, every five minutes, on demand and soon after a failed kill, and a
/// journal line for what each did.
struct ReaperService: Sendable {
    private struct History {
        var passes = 0
        var last: PassDocument?
        var failure: String?
    }

    private let context: HostContext
    private let reaper: Reaper
    /// Kills by the host that were not confirmed.
    private let failedKills: AsyncStream<Void>
    private let history: Locked<History>

    /// A reaper that knows what this host is doing right now.
    init(
        context: HostContext, registry: SessionRegistry, finder: SessionFinder, destroys: DestroyService,
        failedKills: AsyncStream<Void>
    ) {
        self.failedKills = failedKills
        self.context = context
        let history = Locked(History())
        self.history = history
        var host = ReaperHost()
        host.creationsInFlight = { await registry.creationsInFlight() }
        host.killsInFlight = { await registry.endsInFlight() }
        host.runningSagas = { await destroys.running() }
        host.heldTerminals = { await registry.heldTerminals() }
        host.leader = { await registry.session($0)?.leader }
        host.sessionEnded = { id, _, reason in
            // Collects the leader where it is our child.
            let exit = await registry.session(id)?.leaderExit()
            await finder.ender.letGo(of: id, exit: exit, reason: reason)
        }
        host.sessionRecovered = { id in
            do {
                if let row = try await context.index.session(id) { await finder.takeUnderCare(row) }
            } catch {
                context.logger.error("Session \(id) was recovered, and is not watched: \(error)")
            }
        }
        host.passEnded = { result in
            Self.report(result, context, history)
            // Whatever could be given a row has one.
            if case .success(let report) = result, report.isConclusive { await finder.forgetUnclaimed() }
        }
        reaper = Reaper(
            index: context.index, systemd: context.systemd, ground: context.ground, monitor: context.monitor,
            procfs: context.procfs, instance: context.instance, bootID: context.bootID, executor: context.executor,
            host: host, settings: ReaperSettings(escapePolicy: context.configuration.escapePolicy))
    }

    /// Passes until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await reaper.run(every: context.configuration.reapInterval) }
            group.addTask { for await _ in failedKills { await reaper.killFailed() } }
        }
    }

    /// One pass on demand.
    func pass(dryRun: Bool, unclaimed: Bool) async throws -> PassDocument {
        switch await reaper.pass(dryRun: dryRun, unclaimed: unclaimed) {
        case .success(let report): return PassDocument(report)
        case .failure(.index(let failure)): throw failure
        case .failure(.stopped): throw HostFailure.shuttingDown("\(PassFailure.stopped)")
        }
    }

    /// The reaper's part of the status.
    func document() -> ReaperDocument {
        history.withLock { ReaperDocument(passes: $0.passes, lastPass: $0.last, lastFailure: $0.failure) }
    }

    private static func report(
        _ result: Result<PassReport, PassFailure>, _ context: HostContext, _ history: Locked<History>
    ) {
        switch result {
        case .success(let report):
            history.withLock { history in
                history.passes += 1
                history.last = PassDocument(report)
                history.failure = nil
            }
            context.tell(report)
        case .failure(let failure):
            history.withLock { history in
                history.passes += 1
                history.failure = "\(failure)"
            }
            context.tell(.passFailed("\(failure)"))
        }
    }
}
