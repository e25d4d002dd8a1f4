public import CgroupPty

extension EscapeScan {
    /// Ends processes that a look found killable, each through its own pidfd, which was opened by number and start time.
    ///
    /// Each is looked at once more on the pinned process: it must be where it was, and be judged as it was. SIGTERM first, SIGKILL
    /// after a moment.
    public func end(
        _ findings: [EscapeFinding], _ question: EscapeQuestion, patience: Patience = Patience(),
        until deadline: Deadline
    ) async -> [EscapeEnd] {
        await withTaskGroup(of: EscapeEnd.self) { group in
            var ends: [EscapeEnd] = []
            var waiting = findings.makeIterator()
            for _ in 0..<32 {  // pidfds open at once (I8)
                guard let finding = waiting.next() else { break }
                group.addTask { await end(finding, question, patience, deadline) }
            }
            for await end in group {
                ends.append(end)
                if let finding = waiting.next() {
                    group.addTask { await self.end(finding, question, patience, deadline) }
                }
            }
            return ends
        }
    }

    private func end(
        _ finding: EscapeFinding, _ question: EscapeQuestion, _ patience: Patience, _ deadline: Deadline
    ) async -> EscapeEnd {
        do throws(SystemCallFailure) {
            return EscapeEnd(finding: finding, outcome: try await ended(finding, question, patience, deadline))
        } catch {
            return EscapeEnd(finding: finding, outcome: .failed("\(error)"))
        }
    }

    private func ended(
        _ finding: EscapeFinding, _ question: EscapeQuestion, _ patience: Patience, _ deadline: Deadline
    ) async throws(SystemCallFailure) -> ProcessEnd {
        guard let pidfd = try Pidfd.open(finding.process.identity, in: procfs) else { return .gone }
        if let doubt = await doubt(about: finding, question, deadline) { return try pidfd.hasExited() ? .gone : doubt }
        return try await ProcessEnd(
            ending: pidfd, terminate: patience.terminate, kill: patience.kill, monitor, procfs, until: deadline)
    }

    /// The second look, while the process is pinned; nil when it agrees with the first.
    private func doubt(
        about finding: EscapeFinding, _ question: EscapeQuestion, _ deadline: Deadline
    ) async -> ProcessEnd? {
        let pid = finding.process.identity.pid
        let seen = await executor.run(until: deadline) { [procfs] in
            // Open files prove nothing, and are not read again.
            ProcessCensus.describe(pid, procfs, use: question.use == .nothing ? .nothing : .directories)
        }
        switch seen {
        case nil: return .failed(GroundReader.late)
        case .unknown(let reason): return .failed(reason)
        case .known(.none): return .gone
        case .known(.some(let process)):
            guard process.identity == finding.process.identity else { return .gone }
            guard process.cgroup == finding.process.cgroup else { return .moved(process.cgroupText) }
            guard case .killable(finding.workspace, _) = EscapeJudgement(process, question, below: ground.manager.path)
            else { return .spared("what spoke for it is gone") }
            return nil
        }
    }
}
