import CgroupPty
import FoundationEssentials
import SessionIndex

/// One pass: reads claims, ground, claims again, judges, carries out, looks for escapes.
///
/// It has no state of its own; what one pass leaves to the next goes in and comes out as ``ReaperMemory``.
struct PassRun: Sendable {
    let index: Index
    let instruments: ReaperInstruments
    let instance: InstanceID
    let bootID: String
    let host: ReaperHost
    let settings: ReaperSettings
    let request: PassRequest
    /// Whether the reaper was stopped: what is not begun is left.
    let isStopped: @Sendable () -> Bool
    /// When the pass is given up.
    let deadline: Deadline

    /// Makes the pass.
    /// - Parameter memory: what the last one left.
    func perform(_ memory: ReaperMemory) async -> Result<(PassReport, ReaperMemory), PassFailure> {
        let started = Deadline.now
        var report = PassReport(at: Date(), isDryRun: request.dryRun)
        if isStopped() { return .failure(.stopped) }
        do throws(IndexFailure) {
            // The order is what makes the second read of the claims worth something: a session that was being started or
            // a saga that was at work when the host was asked shows in it, or shows as a change.
            let before = try await index.claims()
            // systemd makes its list while procfs is read; the cgroups are only looked at when both are there.
            async let units = instruments.units(lookDeadline)
            let censusBegan = Deadline.now
            let census = await instruments.census(.nothing, lookDeadline)
            report.escapeMicroseconds = censusBegan.microsecondsAgo
            let listed = await units
            let lookBegan = Deadline.now
            let truth = await instruments.look(leaders(of: before), census.value, listed, lookDeadline)
            report.groundMicroseconds = lookBegan.microsecondsAgo
            let context = await context()
            let after = try await index.claims()
            let claims = IndexClaims(before: before, after: after)
            let judgement = Reconciliation.judge(claims, truth, memory, context)
            var next = judgement.memory

            if case .unknown(let reason) = truth.slices { report.groundFailure = reason }
            for verdict in judgement.verdicts { report.add(verdict) }
            let records = await carryOut(judgement.verdicts, claims)
            for record in records { report.add(record) }
            remember(records, &next)

            next.witnesses.add(inside(truth))
            let reaped = Set(records.filter { $0.action == .reaped }.compactMap(\.session))
            let hasEnded = records.contains { $0.action == .reaped || $0.action == .failed }
            await lookForEscapes(
                in: hasEnded ? nil : census, claims, context, reaped: reaped, &next, &report)

            report.milliseconds = started.millisecondsAgo
            return isStopped() ? .failure(.stopped) : .success((report, request.dryRun ? memory : next))
        } catch {
            return .failure(.index(error))
        }
    }

    private var lookDeadline: Deadline { min(deadline, .after(settings.lookDeadline)) }

    private func leaders(of claims: ClaimSnapshot) -> [ScopeName: ProcessIdentity] {
        claims.sessions.reduce(into: [:]) { leaders, row in
            guard !row.status.isEnded, row.bootID == bootID, let leader = row.leader else { return }
            leaders[ScopeName(instance: instance, workspace: row.workspaceID, session: row.id)] = leader
        }
    }

    private func context() async -> ReconciliationContext {
        ReconciliationContext(
            bootID: bootID, creations: await host.creationsInFlight(), kills: await host.killsInFlight(),
            sagas: await host.runningSagas(), terminals: await host.heldTerminals(), now: .now,
            ageFloor: settings.ageFloor, reapsUnclaimed: request.unclaimed)
    }

    /// Rows first, since they cost nothing; then scopes; then slices, which can only go when their scopes have gone; then units.
    private func carryOut(_ verdicts: [Verdict], _ claims: IndexClaims) async -> [PassRecord] {
        var phases: [[Verdict]] = [[], [], [], []]
        for verdict in verdicts {
            switch verdict {
            case .recover, .reactivate, .conclude: phases[0].append(verdict)
            case .reap: phases[1].append(verdict)
            case .endSlice: phases[2].append(verdict)
            case .stopUnit, .resetUnit: phases[3].append(verdict)
            case .keep, .settled, .belongs, .remember, .unclaimed, .foreign, .leave: break
            }
        }
        var records: [PassRecord] = []
        for phase in phases {
            if request.dryRun {
                records += phase.compactMap { plan($0) }
            } else {
                records += await atOnce(phase, claims)
            }
        }
        return records
    }

    private func atOnce(_ verdicts: [Verdict], _ claims: IndexClaims) async -> [PassRecord] {
        await withTaskGroup(of: PassRecord?.self) { group in
            var records: [PassRecord] = []
            var waiting = verdicts.makeIterator()
            for _ in 0..<max(1, settings.stopsAtOnce) {
                guard let verdict = waiting.next() else { break }
                group.addTask { await carryOut(verdict, claims) }
            }
            for await record in group {
                if let record { records.append(record) }
                if let verdict = waiting.next() { group.addTask { await self.carryOut(verdict, claims) } }
            }
            return records
        }
    }

    private func remember(_ records: [PassRecord], _ memory: inout ReaperMemory) {
        for record in records {
            switch record.action {
            case .reaped, .recovered: memory.forget(record.unit)
            case .failed: memory.recordFailedKill(record.unit, outcome: record.outcome, now: .now)
            case .concluded:
                if let session = record.session { memory.missing[session] = nil }
            case .tidied, .spared: break
            }
        }
    }

    private func inside(_ truth: GroundTruth) -> EscapeWitnesses {
        var witnesses = EscapeWitnesses()
        for (process, workspace) in truth.members {
            witnesses.add(process, EscapeWitnesses.Sighting(workspace: workspace, place: .slice))
        }
        return witnesses
    }
}
