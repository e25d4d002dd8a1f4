import CgroupPty
import FoundationEssentials
import Glibc
import Logging
import NIOPosix
import Reaper
import SessionIndex

/// The ground under a host or a one-shot reaper: the instance taken over, systemd asked, the manager's cgroup held open.
///
/// Everything that can refuse the start happens here, before anything is marked, killed or listened on.
struct HostFoundation: Sendable {
    let context: HostContext
    /// Held for as long as the process acts for the instance.
    let instance: Instance

    /// Lays the foundation.
    /// - Parameter program: for messages.
    /// - Throws: ``Instance/Refusal``, ``IndexFailure``, ``ScopeFailure``, ``SystemCallFailure`` or
    ///   ``HostConfiguration/Failure``; each in words that say what to do.
    static func lay(_ configuration: HostConfiguration, program: String, logger: Logger) async throws -> HostFoundation
    {
        let procfs = Procfs()
        if let refusal = try PlacementGuard.refusal(program: program, procfs: procfs, own: ProcessID(getpid())) {
            throw Instance.Refusal(description: refusal)
        }
        guard let account = LoginAccount.current() else {
            throw Instance.Refusal(
                description: "start \(program): the user database does not know uid \(geteuid()); nothing was started")
        }
        let systemd = try SystemdManager(kind: configuration.manager, environment: configuration.environment)
        let ground = try await openGround(systemd, configuration)
        let facts = try facts(ground, configuration)
        let monitor = try ReadinessMonitor()
        let instance = try await Instance.take(configuration, facts: facts, procfs: procfs, monitor: monitor)
        let executor = BlockingExecutor(label: "corral.blocking")
        let context = HostContext(
            configuration: configuration,
            openFiles: try .raise(before: configuration.environment[OpenFileLimit.variable]),
            oomScore: try OOMScoreAdjustment(
                services: try await systemd.serviceOOMScoreAdjustment(until: .after(.seconds(10))), procfs: procfs),
            instance: instance.id, bootID: facts.bootID, account: account,
            index: instance.index,
            systemd: systemd, ground: ground, monitor: monitor, pump: try TerminalPump(),
            store: try await .find(systemd, configuration.environment, procfs, own: ProcessID(getpid())),
            procfs: procfs,
            stop: ScopeStop(systemd: systemd, ground: ground, monitor: monitor, procfs: procfs),
            freezer: UnitFreezer(systemd: systemd, ground: ground, monitor: monitor),
            scan: EscapeScan(
                systemd: systemd, ground: ground, procfs: procfs, monitor: monitor, executor: executor),
            executor: executor, eventLoops: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        try await SliceDropIn(kind: configuration.manager, environment: configuration.environment)
            .ensure(for: SliceName.instance(instance.id).unit, systemd, logger)
        return HostFoundation(context: context, instance: instance)
    }

    /// Gives the instance back.
    func close() async {
        _ = await ServiceNotification.flush(until: .after(.seconds(2)))
        context.monitor.stop()
        context.pump.stop()
        await context.systemd.close()
        do throws(IndexFailure) {
            try await context.index.close()
        } catch {
            context.logger.error("\(error)")
        }
        instance.release(context.ground, context.configuration)
    }

    /// The place and time that an index is used in now.
    static func facts(
        _ ground: CgroupGround, _ configuration: HostConfiguration
    ) throws(SystemCallFailure) -> InstanceFacts {
        InstanceFacts(
            machineID: try BootIdentity.machineID(), manager: configuration.manager == .user ? .user : .system,
            bootID: try BootIdentity.bootID(), cgroup: ground.identity,
            cgroupNamespace: try BootIdentity.cgroupNamespace())
    }

    private static func openGround(
        _ systemd: SystemdManager, _ configuration: HostConfiguration
    ) async throws -> CgroupGround {
        let group: String
        do throws(ScopeFailure) {
            group = try await systemd.controlGroup(until: .after(.seconds(10)))
        } catch {
            throw Instance.Refusal(
                description:
                    "ask the \(configuration.manager.rawValue) manager for its cgroup: \(error); Corral needs systemd 252 or later\(configuration.manager == .user ? " and a user manager (loginctl enable-linger)" : ""); nothing was started"
            )
        }
        guard let path = CgroupPath(group) else {
            throw Instance.Refusal(
                description: "the manager's cgroup \"\(group)\" is no path in this namespace; nothing was started")
        }
        do throws(SystemCallFailure) {
            return try CgroupGround(path: path)
        } catch {
            if error.errno == EMEDIUMTYPE {
                throw Instance.Refusal(
                    description:
                        "use /sys/fs/cgroup: no cgroup v2 is mounted there; Corral needs the unified hierarchy (systemd.unified_cgroup_hierarchy=1); nothing was started"
                )
            }
            throw error
        }
    }
}
