public import CgroupPty
import Glibc

/// Looks for processes that left a workspace's slice, and ends those that are proven to have.
///
/// One look is a walk through procfs, off the threads of Swift's pool and with a deadline. See ``EscapeJudgement`` for what is
/// killable, and ``EscapeWitnesses`` for why a look is also needed before a workspace is ended.
public struct EscapeScan: Sendable {
    /// How long each means is given.
    public struct Patience: Sendable {
        /// For SIGTERM.
        public var terminate: Duration = .milliseconds(500)
        /// For SIGKILL.
        public var kill: Duration = .seconds(2)

        /// The default figures.
        public init() {}
    }

    private let systemd: SystemdManager
    let ground: CgroupGround
    let procfs: Procfs
    let monitor: ReadinessMonitor
    let executor: BlockingExecutor

    /// Takes what it works with.
    public init(
        systemd: SystemdManager, ground: CgroupGround, procfs: Procfs, monitor: ReadinessMonitor,
        executor: BlockingExecutor
    ) {
        self.systemd = systemd
        self.ground = ground
        self.procfs = procfs
        self.monitor = monitor
        self.executor = executor
    }

    /// One look.
    public func look(_ question: EscapeQuestion, until deadline: Deadline) async -> EscapeFindings {
        await judge(census(question.use, until: deadline), question, until: deadline)
    }

    /// What is to be remembered of the targets' processes before they are ended: who is inside their slices, and who carries
    /// their tag on one of their terminals.
    /// - Returns: as many as could be read; unknown when procfs could not be listed.
    public func witnesses(_ question: EscapeQuestion, until deadline: Deadline) async -> Reading<EscapeWitnesses> {
        switch await census(.nothing, until: deadline) {
        case .known(let census): .known(witnesses(question, in: census))
        case .unknown(let reason): .unknown(reason)
        }
    }

    /// Looks and ends until a look finds nothing killable, at most `looks` times.
    public func sweep(
        _ question: EscapeQuestion, policy: EscapePolicy = .kill, looks: Int = 5, patience: Patience = Patience(),
        until deadline: Deadline
    ) async -> EscapeSweep {
        var sweep = EscapeSweep()
        for _ in 0..<looks {
            let findings = await look(question, until: deadline)
            sweep.looks += 1
            sweep.suspects = findings.suspects
            sweep.unreadable = findings.unreadable
            sweep.cutShort = findings.cutShort
            sweep.failure = findings.failure
            sweep.restraint = findings.restraint
            guard policy == .kill, findings.restraint == nil else {
                sweep.reported = findings.killable
                return sweep
            }
            // One that would not die is not tried again in this sweep; one that moved is.
            let tried = Set(sweep.ends.filter(\.isSettled).map(\.finding.process.identity))
            let fresh = findings.killable.filter { !tried.contains($0.process.identity) }
            if fresh.isEmpty || deadline.hasPassed || Task.isCancelled { return sweep }
            let ends = await end(fresh, question, patience: patience, until: deadline)
            let again = Set(ends.map(\.finding.process.identity))
            sweep.ends = sweep.ends.filter { !again.contains($0.finding.process.identity) } + ends
        }
        return sweep
    }

    func census(_ use: UseOfFiles, until deadline: Deadline) async -> Reading<ProcessCensus> {
        await ProcessCensus.take(procfs, use: use, on: executor, until: deadline)
    }

    func judge(
        _ census: Reading<ProcessCensus>, _ question: EscapeQuestion, until deadline: Deadline
    ) async -> EscapeFindings {
        var findings = EscapeFindings()
        switch census {
        case .unknown(let reason):
            findings.failure = reason
        case .known(let census):
            findings.unreadable = census.illegible
            findings.cutShort = census.cutShort
            var places = CgroupPlaces(below: ground.manager.path, of: question.instance)
            for process in census.processes {
                switch EscapeJudgement(process, question, &places) {
                case .unrelated: break
                case .suspect(let workspace, let evidence):
                    findings.suspects.append(EscapeFinding(process: process, workspace: workspace, evidence: evidence))
                case .killable(let workspace, let evidence):
                    findings.killable.append(EscapeFinding(process: process, workspace: workspace, evidence: evidence))
                case .unreadable: findings.unreadable += 1
                }
            }
            if !findings.killable.isEmpty {
                findings.restraint = await restraint(question.instance, until: deadline)
            }
        }
        return findings
    }

    func witnesses(_ question: EscapeQuestion, in census: ProcessCensus) -> EscapeWitnesses {
        var witnesses = EscapeWitnesses()
        var places = CgroupPlaces(below: ground.manager.path, of: question.instance)
        for process in census.processes where !process.isKin {
            guard case .known(.path(let path)) = process.cgroup else { continue }
            if case .slice(let workspace, _) = places[path] {
                guard question.targets[workspace] != nil else { continue }
                witnesses.add(process.identity, EscapeWitnesses.Sighting(workspace: workspace, place: .slice))
            } else if case .known(.some(let tag)) = process.tag, tag.instance == question.instance,
                let owner = question.terminals[process.terminalDevice], owner.workspace == tag.workspace,
                question.targets[owner.workspace] != nil, tag.session == nil || tag.session == owner.session
            {
                witnesses.add(process.identity, EscapeWitnesses.Sighting(workspace: owner.workspace, place: .terminal))
            }
        }
        return witnesses
    }

    /// Why nothing may be ended, whatever the proof; nil when it may.
    private func restraint(_ instance: InstanceID, until deadline: Deadline) async -> String? {
        // systemd answers in milliseconds or not at all, and something must be left for the ends themselves.
        switch await ManagerTags(systemd, of: instance, until: min(deadline, .after(.seconds(2)))) {
        case .absent: nil
        case .present: "the manager hands the tags of instance \(instance) to every service that it starts"
        case .unknown(let reason): "the manager's environment could not be read: \(reason)"
        }
    }
}
