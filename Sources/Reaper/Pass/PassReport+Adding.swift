import CgroupPty
import SessionIndex

extension PassReport {
    /// Adds what needs no hand: what is kept, remembered, listed or left.
    mutating func add(_ verdict: Verdict) {
        switch verdict {
        case .keep(let scope, let keeping):
            kept += 1
            switch keeping {
            case .claimed, .survivors: break
            case .terminalLost: terminalsLost.append(scope.session)
            case .leaderElsewhere(let cgroup):
                leadersElsewhere[scope.session] = cgroup
                addLine("kept \(scope): its scope holds nothing, and its leader lives in \(cgroup)")
            }
        case .settled: break
        case .belongs: strangers += 1
        case .remember(let unit):
            remembered += 1
            addLine("remembered \(unit): nothing explains it; it is judged by the next pass")
        case .unclaimed(let scope, let members):
            unclaimed.append(Unclaimed(scope: scope, members: members))
            addLine("left \(scope): neither a row nor a receipt explains it")
        case .foreign(let scope):
            skip(Self.otherInstance)
            addLine("left \(scope): it belongs to another instance")
        case .leave(let what, let doubt):
            skip(doubt.word)
            addLine("left \(what): \(doubt)")
        case .recover, .reactivate, .conclude, .reap, .endSlice, .stopUnit, .resetUnit: break
        }
    }

    /// Adds what was done.
    mutating func add(_ record: PassRecord) {
        records.append(record)
        let verb: String
        switch record.action {
        case .reaped:
            reaped += 1
            verb = isDryRun ? "would reap" : "reaped"
        case .failed:
            failed += 1
            verb = "could not reap"
        case .recovered:
            recovered += 1
            verb = isDryRun ? "would recover" : "recovered"
        case .concluded(let conclusion):
            concluded += 1
            verb = (isDryRun ? "would mark" : "marked") + " as over (\(conclusion.reason.rawValue))"
        case .tidied:
            tidied += 1
            verb = isDryRun ? "would tidy" : "tidied"
        case .spared(let doubt):
            skip(doubt.word)
            verb = "left"
        }
        addLine("\(verb) \(record.unit): \(record.outcome)")
    }

    /// Adds what was found outside the slices.
    mutating func add(_ sweep: EscapeSweep, reportedBecause reason: String) {
        escapes += sweep.ends.filter(\.wasEscape).map { EscapeRecord($0) }
        escapes += sweep.reported.map { EscapeRecord(reported: $0, because: sweep.restraint ?? reason) }
        for escape in escapes {
            addLine("escape \(escape.pid) (\(escape.command)) in \(escape.cgroup): \(escape.outcome)")
        }
        suspects = sweep.suspects.prefix(Self.listLimit).map { EscapeRecord(reported: $0, because: "no proof") }
        suspectsOmitted = max(0, sweep.suspects.count - Self.listLimit)
        unreadable = sweep.unreadable
        escapeFailure = sweep.failure
        if let failure = sweep.failure { addLine("left processes outside the slices: \(failure)") }
    }
}
