import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import Logging
import SessionIndex

/// Starts sessions: row, terminal, parked leader, scope, one deciding transaction, and only then the command.
///
/// Guarantees that a start that fails at any point leaves no process, no unit, no descriptor and no `active` row (I9), and that
/// nothing of the command runs unless one transaction moved the row to `active` in a workspace that wanted it.
struct SessionStarter: Sendable {
    /// What is to be started.
    struct Plan: Sendable {
        var row: SessionRow
        var scope: ScopeName
        var command: SessionCommand
        var environment: [String]
        var size: WindowSize
        var description: String
    }

    let context: HostContext
    let registry: SessionRegistry
    let leaderProgram: LeaderProgram
    let limits: LimitEnforcer
    /// Tells the reaper that something is left to it.
    let failedKills: AsyncStream<Void>.Continuation

    /// How long systemd may take to make a scope: a second's worth of 4,000 scopes in one slice, ten times over.
    private static let scopeDeadline = Duration.seconds(20)

    /// Starts a session whose row is already inserted as `starting`, under ``SessionRegistry/beginCreation(_:in:)``.
    ///
    /// - Returns: what the host now holds of it. The caller watches its leader.
    /// - Throws: ``HostFailure`` in words; then nothing of it is left, or the row says what could not be ended.
    func start(_ plan: Plan) async throws -> LiveSession {
        var leader: Leader?
        var held: HeldTerminal?
        do {
            await context.reach(.sessionInserted)
            let pair = try openTerminal(plan)
            let parked = try park(plan, on: pair.slave)
            leader = parked
            try context.openFiles.restore(in: parked)
            try context.oomScore.restore(in: parked, procfs: context.procfs)
            let terminal = try await hold(plan, pair.terminal, of: parked.pidfd)
            held = terminal
            _ = consume pair
            await context.reach(.leaderParked)
            // While systemd makes the scope, and before anything of the command runs: whatever writes to the terminal will find it
            // there after a crash too.
            async let kept: Void = context.store.keep(plan.row.id, terminal, leader: parked.pidfd)
            try await startScope(plan, parked)
            await context.reach(.scopeStarted)
            let cgroup = try verify(plan, parked)
            await context.reach(.leaderVerified)
            try await putLimits(plan)
            let isActive = try await context.index.activate(
                plan.row.id, leader: parked.identity, terminalDevice: terminal.terminal.device)
            guard isActive else {
                throw HostFailure.workspaceDeleting(
                    "start session \(plan.row.id) in workspace \(plan.row.workspaceID): the workspace is being deleted or the session was killed while it started; no command was run"
                )
            }
            await context.reach(.sessionActivated)
            tag(cgroup, plan)
            let session = LiveSession(id: plan.row.id, leader: parked.pidfd, held: terminal, monitor: context.monitor)
            try await kept
            try await release(plan, parked, session)
            await context.reach(.leaderReleased)
            return session
        } catch {
            held?.close()
            await unwind(plan, leader)
            throw error
        }
    }

    private func hold(
        _ plan: Plan, _ terminal: PseudoTerminal, of leader: Pidfd
    ) async throws -> HeldTerminal {
        let capacity = OutputRing.capacity(
            wanted: context.configuration.ringCapacity, taken: await registry.ringBytes)
        return try HeldTerminal(
            session: plan.row.id, terminal: terminal, leader: leader,
            ring: .make(session: plan.row.id, capacity: capacity), context)
    }

    private func openTerminal(_ plan: Plan) throws -> PseudoTerminal.Pair {
        do throws(SystemCallFailure) {
            return try PseudoTerminal.open(size: plan.size)
        } catch {
            if error.errno == ENOSPC || error.errno == EMFILE || error.errno == ENFILE {
                throw HostFailure.ptyExhausted("start session \(plan.row.id): \(error); no process was started")
            }
            throw error
        }
    }

    /// Makes the leader. The kernel may refuse to: `RLIMIT_NPROC`, `TasksMax=` of the service, no memory.
    private func park(_ plan: Plan, on slave: borrowing OwnedFileDescriptor) throws -> Leader {
        do throws(SystemCallFailure) {
            return try Leader(
                Leader.Command(
                    path: plan.command.path, arguments: plan.command.arguments, environment: plan.environment,
                    directory: plan.row.cwd),
                program: leaderProgram, terminal: slave, procfs: context.procfs)
        } catch {
            if error.errno == E2BIG {
                throw HostFailure.execFailed("\(error); nothing of session \(plan.row.id) is left")
            }
            throw HostFailure.startFailed("start session \(plan.row.id): \(error); no process was started")
        }
    }

    /// Asks for the scope; asks again where the answer says to.
    ///
    /// `TransactionIsDestructive`: the workspace's slice, or the instance's above it, is being stopped because it was empty. That
    /// stop ends by itself in a moment, and nothing here stops a slice to wait for it: by then another session may have
    /// started in it. Whether the workspace still wants the session is decided by the transaction that follows.
    private func startScope(_ plan: Plan, _ leader: Leader) async throws {
        let deadline = Deadline.after(Self.scopeDeadline)
        var wasLost = false
        while true {
            do throws(ScopeFailure) {
                return try await requestScope(plan, leader)
            } catch {
                switch error.errorName {
                case "org.freedesktop.systemd1.TransactionIsDestructive" where !deadline.hasPassed:
                    if let workspace = try await context.index.workspace(plan.row.workspaceID),
                        workspace.state != plan.row.kind.wantedState
                    {
                        throw HostFailure.workspaceDeleting(
                            "\(error); workspace \(workspace.id) is \(workspace.state); no process was started")
                    }
                    try await Task.sleep(for: .milliseconds(20))
                case _ where error.isLost && !deadline.hasPassed:
                    // The manager re-executes itself, most likely: the call got lost, or its answer did. Never after the same time: one that
                    // does so over and over would be met at the same moment each time.
                    wasLost = true
                    try await Task.sleep(for: .milliseconds(.random(in: 20...250)))
                case "org.freedesktop.systemd1.UnitExists" where wasLost:
                    // Only the answer had got lost. Whether the leader is in it is looked at next.
                    return
                default: throw startFailure(error)
                }
            }
        }
    }

    private func requestScope(_ plan: Plan, _ leader: Leader) async throws(ScopeFailure) {
        try await context.systemd.startScope(
            plan.scope, description: plan.description, leader: leader.pidfd.pid,
            stopTimeout: context.configuration.stopGrace, limits: plan.row.limits, until: .after(Self.scopeDeadline))
    }

    /// The limits must hold before anything of the command runs. A teardown does not fail for its workspace's: limits that can no longer
    /// be had, since the machine was set up anew, must not keep a workspace from being deleted.
    private func putLimits(_ plan: Plan) async throws {
        try limits.verify(plan.row.limits, of: plan.scope)
        do {
            try await limits.prepare(plan.row.workspaceID, for: plan.row)
        } catch let failure as HostFailure where plan.row.kind == .teardown {
            context.logger.warning(
                "\(failure). The teardown script runs without.",
                metadata: .workspace(plan.row.workspaceID, context.instance))
        }
    }

    private func startFailure(_ failure: ScopeFailure) -> HostFailure {
        if case .job(_, _, "frozen") = failure {
            return .frozen("\(failure): the workspace is frozen; no process was started")
        }
        if case .unreachable = failure { return .systemdUnreachable("\(failure); no process was started") }
        return .startFailed("\(failure); no process was started")
    }

    /// The job's end is a hint: the kernel must list the leader in the scope, and the leader must be alive.
    private func verify(_ plan: Plan, _ leader: Leader) throws -> CgroupDirectory {
        guard case .found(let cgroup) = context.ground.look(plan.scope.path) else {
            throw HostFailure.startFailed(
                "start \(plan.scope): systemd said done, and there is no such cgroup; no command was run")
        }
        guard try cgroup.members().contains(leader.pidfd.pid), try !leader.pidfd.hasExited() else {
            throw HostFailure.startFailed(
                "start \(plan.scope): systemd said done, and the kernel does not list the leader in it; no command was run"
            )
        }
        return cgroup
    }

    /// Hints for people who look at the cgroup; a file system without them is no reason to fail.
    private func tag(_ cgroup: CgroupDirectory, _ plan: Plan) {
        do throws(SystemCallFailure) {
            try cgroup.setAttribute("instance", context.instance.rawValue)
            try cgroup.setAttribute("workspace", plan.row.workspaceID.rawValue)
            try cgroup.setAttribute("session", plan.row.id.rawValue)
        } catch {
            context.logger.debug("tag cgroup: \(error)")
        }
    }

    private func release(_ plan: Plan, _ leader: Leader, _ session: LiveSession) async throws {
        switch try await leader.release(context.monitor, until: .after(.seconds(10))) {
        case .executed: return
        case .failed(let failure):
            await session.close(exit: nil, reason: .startFailed)
            throw HostFailure.execFailed("\(failure); nothing of session \(plan.row.id) is left")
        case .noAnswer:
            await session.close(exit: nil, reason: .startFailed)
            throw HostFailure.startFailed(
                "execute \(plan.command.path): no answer from the kernel in 10 s; the session was ended")
        }
    }

    /// Ends whatever of the start exists and closes the row; if the kernel does not confirm, the row stays stamped for the reaper.
    private func unwind(_ plan: Plan, _ leader: Leader?) async {
        leader?.abandon()
        context.store.forget(plan.row.id)
        let report = await context.stop.stop(.init(plan.scope), leader: leader?.pidfd)
        do {
            if let pidfd = leader?.pidfd {
                if try !pidfd.hasExited() { try pidfd.signal(SIGKILL) }
                _ = try await pidfd.waitForExit(context.monitor, until: .after(.seconds(5)))
                _ = try pidfd.exitStatus()
            }
            if case .confirmed = report.outcome {
                _ = try await context.index.markEnded(
                    plan.row.id, from: [.starting, .active, .stopping], status: .exited, reason: .startFailed,
                    exit: nil,
                    outcome: "confirmed", membersLeft: 0, at: .now)
            } else {
                _ = try await context.index.stampDispose(plan.row.id, at: .now)
                failedKills.yield()
            }
        } catch {
            context.logger.error(
                "undo a failed start: \(error); the reaper will look at it", metadata: ["session": "\(plan.row.id)"])
            failedKills.yield()
        }
    }
}

extension ScopeStop {
    /// Ends a scope at once: nothing in it has run a command that could want to tidy up.
    fileprivate func stop(_ target: Target, leader: Pidfd?) async -> StopReport {
        await stop(target, leaders: leader.map { [$0] } ?? [], force: true)
    }
}
