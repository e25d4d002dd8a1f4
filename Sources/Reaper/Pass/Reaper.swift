public import CgroupPty
public import SessionIndex

/// Makes the ground and the index agree, pass by pass, and lets nothing live on that nobody wants.
///
/// Passes never overlap. A pass that is asked for while one is under way is made afterwards; those who wait for the same thing share
/// it. Between passes the reaper holds nothing but its memory. ``Reconciliation`` decides, ``PassRun`` carries out.
public actor Reaper {
    let settings: ReaperSettings
    private let index: Index
    private let instruments: ReaperInstruments
    private let instance: InstanceID
    private let bootID: String
    private let host: ReaperHost
    private let stopped = Locked(false)

    /// What the last pass left to the next. `corral-reaper` keeps it in a ``ReaperMemoryFile``.
    public private(set) var memory: ReaperMemory
    /// Passes that were made, dry runs too.
    public private(set) var passes = 0
    /// The report of the last pass that changed something or could have; nil before the first.
    public private(set) var lastPass: PassReport?
    /// Why the last pass could not be made; nil when it was.
    public private(set) var lastFailure: PassFailure?

    private typealias Answer = Result<PassReport, PassFailure>
    private struct Waiting {
        let request: PassRequest
        var callers: [CheckedContinuation<Answer, Never>]
    }

    private var isAtWork = false
    private var waiting: [Waiting] = []
    var schedule: PassSchedule
    var sleeper: Task<Void, Never>?

    /// Takes what it works with.
    /// - Parameters:
    ///   - index: whose lock this process holds.
    ///   - ground: the cgroup of the manager that `systemd` talks to.
    ///   - bootID: this boot's.
    ///   - memory: what an earlier run left.
    public init(
        index: Index, systemd: SystemdManager, ground: CgroupGround, monitor: ReadinessMonitor, procfs: Procfs,
        instance: InstanceID, bootID: String, executor: BlockingExecutor, host: ReaperHost = ReaperHost(),
        settings: ReaperSettings = ReaperSettings(), memory: ReaperMemory = ReaperMemory()
    ) {
        let reader = GroundReader(
            instance: instance, systemd: systemd, ground: ground, procfs: procfs, executor: executor)
        let scan = EscapeScan(
            systemd: systemd, ground: ground, procfs: procfs, monitor: monitor, executor: executor)
        self.init(
            index: index,
            instruments: ReaperInstruments(
                reader: reader, scan: scan, systemd: systemd, ground: ground, monitor: monitor, procfs: procfs,
                executor: executor),
            instance: instance, bootID: bootID, host: host, settings: settings, memory: memory)
    }

    init(
        index: Index, instruments: ReaperInstruments, instance: InstanceID, bootID: String, host: ReaperHost,
        settings: ReaperSettings, memory: ReaperMemory
    ) {
        self.index = index
        self.instruments = instruments
        self.instance = instance
        self.bootID = bootID
        self.host = host
        self.settings = settings
        self.memory = memory
        schedule = PassSchedule(first: settings.firstRetry, last: settings.lastRetry)
    }

    /// Makes one pass, after those that are under way.
    ///
    /// The caller's going away does not stop the pass.
    /// - Parameters:
    ///   - dryRun: changes nothing, and says what would be done.
    ///   - unclaimed: ends also scopes that nothing explains and that an earlier pass has seen.
    public func pass(dryRun: Bool = false, unclaimed: Bool = false) async -> Result<PassReport, PassFailure> {
        let request = PassRequest(dryRun: dryRun, unclaimed: unclaimed)
        return await withCheckedContinuation { caller in
            if let place = waiting.firstIndex(where: { $0.request == request }) {
                waiting[place].callers.append(caller)
            } else {
                waiting.append(Waiting(request: request, callers: [caller]))
            }
            guard !isAtWork else { return }
            isAtWork = true
            Task { await work() }
        }
    }

    /// How many wait for a pass that is not begun yet.
    var callersWaiting: Int { waiting.reduce(0) { $0 + $1.callers.count } }

    /// Lets the pass that is under way begin nothing more, and refuses those that wait. A stop that was begun is finished.
    public func stop() {
        stopped.withLock { $0 = true }
        sleeper?.cancel()
    }

    /// Makes passes possible again after ``stop()``.
    func resume() {
        stopped.withLock { $0 = false }
    }

    /// Makes the loop's next pass soon: the host could not end a session, and leaves it to the reaper.
    public func killFailed() {
        schedule.killFailed()
        sleeper?.cancel()
    }

    private func work() async {
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            let answer = await make(next.request)
            for caller in next.callers { caller.resume(returning: answer) }
        }
        isAtWork = false
    }

    private func make(_ request: PassRequest) async -> Answer {
        let run = PassRun(
            index: index, instruments: instruments, instance: instance, bootID: bootID, host: host, settings: settings,
            request: request, isStopped: { [stopped] in stopped.withLock { $0 } },
            deadline: .after(settings.passDeadline))
        let outcome = await run.perform(memory)
        passes += 1
        switch outcome {
        case .success((let report, let next)):
            memory = next
            lastFailure = nil
            if !request.dryRun {
                lastPass = report
                plan(next: report.needsAnother)
                await host.passEnded(.success(report))
            }
            return .success(report)
        case .failure(let failure):
            lastFailure = failure
            if !request.dryRun {
                plan(next: true)
                await host.passEnded(.failure(failure))
            }
            return .failure(failure)
        }
    }

    /// Sets when the loop makes its next pass, and wakes it to see that.
    private func plan(next isSoon: Bool) {
        schedule.passWasMade(needsAnother: isSoon)
        sleeper?.cancel()
    }
}
