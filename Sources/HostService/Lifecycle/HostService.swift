public import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
public import Logging
import NIOCore
import Reaper
import ServiceLifecycle
import SessionIndex

/// The service: composed, listening, ready, at work, stopped in order.
///
/// Readiness is told after the socket listens. What can destroy (resumed deletes, the reaper) begins after readiness and never
/// while objects are being made.
public enum HostService {
    /// Runs a host until SIGTERM, SIGINT or SIGHUP (the terminal that it was started from was closed).
    /// - Parameter descriptors: what the manager and an earlier host have left to this process.
    /// - Throws: what refuses the start, in words; see ``HostFoundation``.
    public static func run(
        _ configuration: HostConfiguration, descriptors: consuming InheritedDescriptors, logger: Logger
    ) async throws {
        APIServer.makeTypes()
        let signals = await HostSignals(logger: logger)
        let leaderProgram = try findLeaderProgram()
        let foundation = try await HostFoundation.lay(configuration, program: "corral-host", logger: logger)
        let context = foundation.context
        let (host, work) = compose(context, leaderProgram)
        // Read before anybody can ask for anything: whatever comes later is not left over from an earlier host.
        let inherited = try await HostWork.Inherited(context.index)
        await work.destroys.inherit(inherited.deletes)
        var handed = HandedOver(consume descriptors, socketPath: configuration.socketPath, logger: logger)
        for name in handed.useless { context.store.forget(storedAs: name) }
        let (isBound, socketName) = (handed.socketIsOurs, handed.socketName)
        let socket: OwnedFileDescriptor
        if let adopted = handed.takeSocket() {
            socket = adopted
            if !isBound {
                // One that an earlier host had to make itself is of no use beside a socket unit's.
                context.store.forgetSocket()
            } else if handed.useless.contains(socketName) {
                // It has gone with another of its name.
                try context.store.keep(socket: socket)
            }
        } else {
            context.store.forgetSocket()
            socket = try ListeningSocket.bind(path: configuration.socketPath)
            try context.store.keep(socket: socket)
        }
        // For a successor, and to tell its file at the end: the server closes its own.
        let kept = try socket.duplicate()
        try await work.finder.adopt(handed.takeOutputs())
        try await work.finder.adopt(handed.takeSessions(), for: inherited.sessions)
        let readiness = AsyncStream<Void>.makeStream()
        let server = APIServer(
            socket: socket, host: host, logger: logger, onListening: { readiness.continuation.yield() })
        let working = HostWork(
            work: work, inherited: inherited, readiness: readiness.stream, context: context, signals: signals)
        // At its debug level the library prints every service with all that it holds, the environment too: not into the journal.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        var services = ServiceGroupConfiguration(
            // The last one stops first: clients are served until all that the host does has ended, and learn of that.
            services: [
                .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
                .init(service: working, successTerminationBehavior: .gracefullyShutdownGroup),
            ], logger: quiet)
        services.maximumGracefulShutdownDuration = Duration.seconds(90)
        let group = ServiceGroup(configuration: services)
        await signals.answer { await group.triggerGracefulShutdown() }
        do {
            try await group.run()
        } catch {
            await foundation.close()
            throw error
        }
        await work.finder.finishInput()
        if signals.isSuccession {
            let successor = try await work.finder.successor(socket: try kept.duplicate(), name: socketName)
            await foundation.close()
            var environment = ProcessInfo.processInfo.environment
            environment[OpenFileLimit.variable] = context.openFiles.text
            try successor.become(arguments: CommandLine.arguments, environment: environment)
        }
        // A socket unit's belongs to systemd, also when it has taken the place of ours since, and one that is kept goes on taking
        // connections for the next host.
        if isBound, ListeningSocket.isReachable(kept, at: configuration.socketPath),
            await context.store.outlives(context.systemd) == false
        {
            unlink(configuration.socketPath)
        }
        await foundation.close()
    }

    private static func findLeaderProgram() throws -> LeaderProgram {
        do throws(SystemCallFailure) {
            return try LeaderProgram.find()
        } catch {
            throw Instance.Refusal(
                description:
                    "find the program that sessions begin with: \(error); it belongs beside corral-host or into ../libexec/corral; nothing was started"
            )
        }
    }

    /// Makes every part and connects them. Nothing is started and nothing on disk or in the kernel is touched, but for the inotify
    /// instance of ``LimitWatch``.
    private static func compose(_ context: HostContext, _ leaderProgram: LeaderProgram) -> (Host, HostWork.Parts) {
        let registry = SessionRegistry()
        let failedKills = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let ender = SessionEnder(
            context: context, registry: registry, failedKills: failedKills.continuation,
            limitWatch: LimitWatch(context: context))
        let limits = LimitEnforcer(context: context)
        let freezes = FreezeService(context: context, registry: registry)
        let idleFreezer = IdleFreezer(context: context, registry: registry, freezes: freezes)
        let lifetimeSet = Bell()
        let sessions = SessionService(
            context: context, registry: registry,
            starter: SessionStarter(
                context: context, registry: registry, leaderProgram: leaderProgram, limits: limits,
                failedKills: failedKills.continuation),
            ender: ender, limits: limits, leavers: SessionLeavers(context: context), freezes: freezes,
            lifetimeSet: lifetimeSet)
        let command = ScopedCommand(sessions: sessions, ender: ender)
        let scripts = WorkspaceScripts(context: context, command: command)
        let trash = WorktreeTrash(context: context)
        let finder = SessionFinder(context: context, registry: registry, ender: ender)
        let destroys = DestroyService(
            parts: DestroyParts(
                context: context, registry: registry, ender: ender, scripts: scripts, trash: trash,
                guardian: DeleteGuardian(context: context, trash: trash), limits: limits, freezes: freezes))
        let reaper = ReaperService(
            context: context, registry: registry, finder: finder, destroys: destroys, failedKills: failedKills.stream)
        let workspaces = WorkspaceService(
            context: context, command: command, scripts: scripts, trash: trash, ender: ender, limits: limits,
            idleFreezer: idleFreezer, lifetimeSet: lifetimeSet)
        let lifetimes = Lifetimes(
            context: context, registry: registry, ender: ender, destroys: destroys, freezes: freezes,
            lifetimeSet: lifetimeSet)
        let host = Host(
            context: context, registry: registry, sessionService: sessions, workspaceService: workspaces,
            destroyService: destroys, freezeService: freezes, reaperService: reaper,
            accountingService: AccountingService(context: context, registry: registry),
            portService: PortService(context: context), startedAt: Timestamp(.now))
        return (
            host,
            HostWork.Parts(
                registry: registry, ender: ender, finder: finder, workspaces: workspaces, destroys: destroys,
                reaper: reaper, trash: trash, limits: limits, idleFreezer: idleFreezer,
                lifetimes: lifetimes)
        )
    }
}
