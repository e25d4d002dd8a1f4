import CgroupPty

/// All that a pass sees of the world, and all that it can do to it: what tests replace.
struct ReaperInstruments: Sendable {
    /// The units of systemd that could be ours.
    var units: @Sendable (Deadline) async -> Reading<[SystemdManager.Unit]>
    /// One look at the ground, with the leaders of these scopes, after a walk through procfs and with the units of before.
    var look:
        @Sendable ([ScopeName: ProcessIdentity], ProcessCensus?, Reading<[SystemdManager.Unit]>, Deadline) async ->
            GroundTruth
    /// One look at a session's scope.
    var presence: @Sendable (ScopeName, Deadline) async -> Presence
    /// One look at a workspace's slice; nil contents stand for a slice that is absent.
    var slice: @Sendable (WorkspaceID, Deadline) async -> Reading<SliceContents?>
    /// Pins a process; nil when it is gone.
    var pin: @Sendable (ProcessIdentity) async -> Reading<Pidfd?>
    /// What procfs says of processes; those that are gone are left out.
    var stats: @Sendable ([ProcessIdentity]) async -> [ProcessStat]
    /// Ends what is in a scope or slice.
    var stop: @Sendable (ScopeStop.Target, [Pidfd], ScopeStop.Patience) async -> StopReport
    /// Tells systemd to stop a unit, and to forget that it failed; says what came of it, or why nothing did.
    var tidy: @Sendable (OwnUnit, Deadline) async -> Reading<String>
    /// One walk through procfs.
    var census: @Sendable (UseOfFiles, Deadline) async -> Reading<ProcessCensus>
    /// Judges a walk.
    var findings: @Sendable (Reading<ProcessCensus>, EscapeQuestion, Deadline) async -> EscapeFindings
    /// Who is to be remembered of a walk.
    var witnesses: @Sendable (ProcessCensus, EscapeQuestion) -> EscapeWitnesses
    /// Ends processes outside the slices.
    var end: @Sendable ([EscapeFinding], EscapeQuestion, Deadline) async -> [EscapeEnd]
}

extension ReaperInstruments {
    /// The real ones.
    init(
        reader: GroundReader, scan: EscapeScan, systemd: SystemdManager, ground: CgroupGround,
        monitor: ReadinessMonitor,
        procfs: Procfs, executor: BlockingExecutor
    ) {
        let freezer = UnitFreezer(systemd: systemd, ground: ground, monitor: monitor)
        let scopeStop = ScopeStop(systemd: systemd, ground: ground, monitor: monitor, procfs: procfs)
        units = { await reader.units(until: $0) }
        look = { await reader.look(leaders: $0, after: $1, $2, until: $3) }
        presence = { await reader.presence(of: $0, until: $1) }
        slice = { await reader.slice($0, until: $1) }
        pin = { leader in
            await executor.run {
                do throws(SystemCallFailure) {
                    return .known(try Pidfd.open(leader, in: procfs))
                } catch {
                    return .unknown("\(error)")
                }
            }
        }
        stats = { processes in
            await executor.run {
                processes.compactMap { process in
                    do throws(SystemCallFailure) {
                        return try procfs.stat(process.pid).flatMap { $0.identity == process ? $0 : nil }
                    } catch {
                        return nil
                    }
                }
            }
        }
        stop = { await scopeStop.stop($0, leaders: $1, force: false, patience: $2) }
        tidy = { unit, deadline in
            // systemd before 257 would thaw that with the stop of the unit.
            if freezer.isHeldFromAbove(unit.path) { return .unknown("left until what it lies in is thawed") }
            return await Self.tidy(unit, systemd, until: deadline)
        }
        census = { await scan.census($0, until: $1) }
        findings = { await scan.judge($0, $1, until: $2) }
        witnesses = { scan.witnesses($1, in: $0) }
        end = { await scan.end($0, $1, until: $2) }
    }

    private static func tidy(
        _ unit: OwnUnit, _ systemd: SystemdManager, until deadline: Deadline
    ) async -> Reading<String> {
        do throws(ScopeFailure) {
            let result = try await systemd.stopUnit(unit.name, until: deadline)
            try await systemd.resetFailedUnit(unit.name, until: deadline)
            switch result {
            case .done: return .known("systemd stopped it")
            case nil: return .known("systemd had forgotten it already")
            case .other(let text): return .known("its stop ended as \"\(text)\"")
            }
        } catch {
            return .unknown("\(error)")
        }
    }
}
