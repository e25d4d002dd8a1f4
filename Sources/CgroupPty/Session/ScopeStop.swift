import Glibc

/// Ends everything in one of our scopes or slices, and says so only when the kernel does.
///
/// Leaders first (SIGHUP by pidfd, so that a shell takes its jobs along and a browser's parent goes before its children), then all by
/// systemd, then `cgroup.kill`; after each the kernel is asked. Of a slice systemd is asked for its stop, of a scope to send the signals that
/// a stop sends: systemd before 257 thaws the slices around whatever it stops. The end of a stop job, a unit's state and an exit code
/// end nothing (I2). What is frozen with what it lies in is killed at once, and so is a scope that comes to be frozen meanwhile. A leader that
/// left what is being ended is ended where it is, if it is ours to end there. Works without systemd: then `cgroup.kill` comes right after the
/// leaders (I10).
///
/// Refuses to guess: a place that cannot be read is `unknown`, never `confirmed` (I3).
public struct ScopeStop: Sendable {
    /// What is to end.
    public struct Target: Sendable {
        /// The unit.
        public var unit: String
        /// Its cgroup below the manager's.
        public var path: CgroupPath
        /// Whose it is.
        let instance: InstanceID
        /// The workspace; nil for the slice of a whole instance.
        let workspace: WorkspaceID?
        /// The session; nil for a slice.
        let session: SessionID?

        /// A session's scope.
        public init(_ scope: ScopeName) {
            unit = scope.unit
            path = scope.path
            instance = scope.instance
            workspace = scope.workspace
            session = scope.session
        }

        /// A workspace's slice, or an instance's.
        public init(_ slice: SliceName) {
            unit = slice.unit
            path = slice.path
            session = nil
            switch slice {
            case .instance(let own): (instance, workspace) = (own, nil)
            case .workspace(let own, let name): (instance, workspace) = (own, name)
            }
        }
    }

    /// How long each means is given.
    public struct Patience: Sendable {
        /// For the leaders after SIGHUP.
        public var hangup: Duration = .milliseconds(250)
        /// For SIGTERM, or systemd's stop of a slice: a scope's own `TimeoutStopUSec` makes systemd send SIGKILL then.
        public var grace: Duration = .seconds(5)
        /// For `cgroup.kill`.
        public var kill: Duration = .seconds(5)

        /// The design's figures.
        public init() {}
    }

    private let systemd: SystemdManager
    private let freezer: UnitFreezer
    let ground: CgroupGround
    let monitor: ReadinessMonitor
    let procfs: Procfs

    /// Takes what it works with.
    public init(systemd: SystemdManager, ground: CgroupGround, monitor: ReadinessMonitor, procfs: Procfs) {
        self.systemd = systemd
        freezer = UnitFreezer(systemd: systemd, ground: ground, monitor: monitor)
        self.ground = ground
        self.monitor = monitor
        self.procfs = procfs
    }

    /// Ends everything in the target.
    /// - Parameter leaders: pinned leaders of the sessions inside. Their exit belongs to the confirmation, wherever they are.
    /// - Parameter force: begins with `cgroup.kill`.
    public func stop(
        _ target: Target, leaders: [Pidfd], force: Bool, patience: Patience = Patience()
    ) async -> StopReport {
        let started = Deadline.now
        var report = StopReport(
            outcome: .unknown("not looked at"), means: nil, membersSignalled: nil, milliseconds: 0, remarks: [])
        do throws(SystemCallFailure) {
            report.means = try await end(target, leaders, force, patience, &report)
        } catch {
            report.outcome = .unknown("\(error)")
        }
        report.milliseconds = started.millisecondsAgo
        return report
    }

    /// Looks whether everything in the target has ended, and sends nothing.
    ///
    /// Gives the leaders a second: a process leaves its cgroup a moment before its pidfd says so.
    public func confirm(_ target: Target, leaders: [Pidfd]) async -> StopReport {
        let started = Deadline.now
        var report = StopReport(
            outcome: .unknown("not looked at"), means: nil, membersSignalled: 0, milliseconds: 0, remarks: [])
        do throws(SystemCallFailure) {
            switch ground.look(target.path) {
            case .found(let found): report.means = try await conclude(found, target, leaders, .exited, &report)
            case .absent: report.means = try await conclude(nil, target, leaders, .exited, &report)
            case .unknown(let reason): report.outcome = .unknown(reason)
            }
        } catch {
            report.outcome = .unknown("\(error)")
        }
        report.milliseconds = started.millisecondsAgo
        return report
    }

    private func end(
        _ target: Target, _ leaders: [Pidfd], _ force: Bool, _ patience: Patience, _ report: inout StopReport
    ) async throws(SystemCallFailure) -> StopReport.Means? {
        let cgroup: CgroupDirectory
        switch ground.look(target.path) {
        case .found(let found): cgroup = found
        case .absent:
            report.membersSignalled = 0
            let means = try await endStrays(leaders, target, force: force, patience, &report)
            return try await conclude(nil, target, leaders, means ?? .exited, &report)
        case .unknown(let reason):
            report.outcome = .unknown(reason)
            return nil
        }
        // A list that cannot be read (too deep, out of descriptors) must not keep the processes alive.
        do throws(SystemCallFailure) {
            report.membersSignalled = try cgroup.members().count
        } catch {
            report.remarks.append("\(error)")
        }
        var means = StopReport.Means.exited
        // Whom a freeze around it holds cannot be asked, and the others in there are not to run for its sake.
        let isHeld = freezer.isHeldFromAbove(target.path)
        if isHeld, !force { report.remarks.append("what it lies in is frozen, so it was killed at once") }
        if try isPopulated(cgroup), !force, !isHeld {
            means = .hangup
            try await hangUp(target, cgroup, leaders, patience, &report)
            if try isPopulated(cgroup) {
                means = .terminated
                if target.session == nil {
                    await stopUnit(target, patience, &report)
                } else {
                    try await terminate(target, cgroup, patience, &report)
                }
            }
        }
        if try isPopulated(cgroup) {
            means = .killed
            try await kill(cgroup, patience)
        }
        if let more = try await endStrays(leaders, target, force: force, patience, &report) { means = max(means, more) }
        return try await conclude(cgroup, target, leaders, means, &report)
    }

    /// Kills all that is inside, and waits until it is gone or the patience has ended.
    private func kill(_ cgroup: CgroupDirectory, _ patience: Patience) async throws(SystemCallFailure) {
        let until = Deadline.after(patience.kill)
        try cgroup.kill()  // (I6) only here, only on our own scopes and slices
        // Hardly ever is there more to do, and a look at every process would take the kernel's time to end them.
        _ = try await cgroup.waitUntilEmpty(monitor, until: min(until, .after(.milliseconds(100))))
        // One whose main thread ends at this moment is seen at the next look.
        for _ in 0..<10 where try isPopulated(cgroup) {
            try killWithoutMainThread(cgroup)
            // Such a one goes on forking until it is killed.
            try cgroup.kill()
            _ = try await cgroup.waitUntilEmpty(monitor, until: min(until, .after(patience.kill / 10)))
        }
    }

    /// Kills what `cgroup.kill` leaves alive: processes whose main thread has ended, of which Linux 6.18 sends it to nobody.
    private func killWithoutMainThread(_ cgroup: CgroupDirectory) throws(SystemCallFailure) {
        for pid in try cgroup.members() {
            guard let stat = try procfs.stat(pid), stat.hasLostMainThread,
                let pidfd = try Pidfd.open(stat.identity, in: procfs),
                case .path(let path) = try procfs.cgroup(pid), path.isAtOrBelow(cgroup.path)
            else { continue }
            _ = try pidfd.signal(SIGKILL)
        }
    }

    /// Thaws, then hangs the leaders up and gives them a moment.
    private func hangUp(
        _ target: Target, _ cgroup: CgroupDirectory, _ leaders: [Pidfd], _ patience: Patience,
        _ report: inout StopReport
    ) async throws(SystemCallFailure) {
        do throws(SystemCallFailure) {
            if target.session != nil {
                // Not by systemd, which before 257 would thaw its slice as well: that may be being frozen at this moment.
                try cgroup.thaw()
            } else {
                // A stop of a frozen unit does nothing from systemd 257 on, and a slice's says `done` over a frozen scope.
                _ = try await freezer.thawAll(target.unit, cgroup, &report.remarks)
            }
        } catch {
            report.remarks.append("\(error)")
        }
        var hungUp: [Pidfd] = []
        for leader in leaders {
            do throws(SystemCallFailure) {
                guard try isInside(leader, target) else { continue }
                hungUp.append(leader)
                try leader.signal(SIGHUP)  // (I1)
                try leader.signal(SIGCONT)
            } catch {
                // EPERM: it became somebody else's, for instance by su(1). cgroup.kill asks no such question.
                report.remarks.append("\(error)")
            }
        }
        let until = Deadline.after(patience.hangup)
        var areAllGone = true
        for leader in hungUp where try await !leader.waitForExit(monitor, until: until) { areAllGone = false }
        // What the kernel hangs up together with its leader is gone a moment later.
        if areAllGone { _ = try await cgroup.waitUntilEmpty(monitor, until: min(until, .after(.milliseconds(20)))) }
    }

    /// Has systemd send to all in a scope what its stop would send, and gives them their grace.
    private func terminate(
        _ target: Target, _ cgroup: CgroupDirectory, _ patience: Patience, _ report: inout StopReport
    ) async throws(SystemCallFailure) {
        let until = Deadline.after(patience.grace)
        do throws(ScopeFailure) {
            // systemd.kill(5): bash, for one, ends by SIGHUP alone; what is stopped ends once it goes on.
            for signal in [SIGTERM, SIGHUP, SIGCONT] { try await systemd.signalUnit(target.unit, signal, until: until) }
        } catch {
            return report.remarks.append("\(error)")
        }
        let change = try await cgroup.wait(monitor, until: until) {
            !$0.isPopulated || $0.isFrozen && freezer.isToBeFrozen(target.path)
        }
        if case .reached(let events) = change, events.isPopulated {
            report.remarks.append("it was frozen while it was being ended, so it was killed")
        }
    }

    /// Asks systemd, and waits until it is through. What is still there then was left behind: nobody else will signal it.
    private func stopUnit(_ target: Target, _ patience: Patience, _ report: inout StopReport) async {
        // systemd sends SIGKILL at the scopes' own timeout, which is the same grace: give it half a second more.
        do throws(ScopeFailure) {
            _ = try await systemd.stopUnit(target.unit, until: .after(patience.grace + .milliseconds(500)))
        } catch {
            report.remarks.append("\(error)")
        }
    }

    /// The one place that decides on `confirmed` (I2).
    private func conclude(
        _ cgroup: CgroupDirectory?, _ target: Target, _ leaders: [Pidfd], _ means: StopReport.Means,
        _ report: inout StopReport
    ) async throws(SystemCallFailure) -> StopReport.Means? {
        if let cgroup, try isPopulated(cgroup) {
            guard !Task.isCancelled else {
                report.outcome = .unknown("\(target.unit) still held processes when the wait for its end was given up")
                return nil
            }
            report.outcome = .unkillable([])
            do throws(SystemCallFailure) {
                report.outcome = .unkillable(try cgroup.members().compactMap { Survivor($0, in: procfs) })
            } catch {
                report.remarks.append("\(error)")
            }
            return nil
        }
        // The cgroup may be gone because it was removed; that counts only while its ancestor is there, and only if nothing has
        // come to live in its place.
        look: while true {
            switch ground.look(target.path) {
            case .absent: break look
            case .unknown(let reason):
                report.outcome = .unknown(reason)
                return nil
            case .found(let found):
                // Removed since: by its ancestor's leave, or together with it.
                guard let events = try found.events() else { continue look }
                guard events.isPopulated else { break look }
                report.outcome = .unknown("\(target.unit) was empty and holds processes again")
                return nil
            }
        }
        let until = Deadline.after(.seconds(1))
        for leader in leaders where try await !leader.waitForExit(monitor, until: until) {
            if try leader.hasExited() { continue }
            report.outcome = .unknown(
                "the scope is empty, but its leader, process \(leader.pid), runs on in \(try whereabouts(leader, target))"
            )
            return nil
        }
        report.outcome = .confirmed
        return means
    }

    private func isPopulated(_ cgroup: CgroupDirectory) throws(SystemCallFailure) -> Bool {
        try cgroup.events()?.isPopulated ?? false
    }
}
