import HostProtocol

/// How one session ended, in words.
enum SessionEndReport {
    /// The answer to a kill: what is confirmed, what is left and what happens next.
    static func text(_ end: SessionEndDocument) -> String {
        let isConfirmed = end.outcome == .confirmed
        var lines = ["session \(end.session): \(isConfirmed ? "ended, confirmed by the kernel" : "not confirmed")"]
        lines[0] += "; " + clauses(end).joined(separator: ", ")
        lines += end.survivors.map { "  left: " + SurvivorText.line($0) }
        lines += (end.suspects ?? []).map { "  suspect: " + PassReport.process($0) }
        if !isConfirmed {
            lines.append("The host goes on trying by itself. How it stands: corral session show \(end.session)")
        }
        return lines.joined(separator: "\n")
    }

    /// One line of a receipt, with its survivors below it.
    static func lines(_ end: SessionEndDocument) -> [String] {
        let parts = ([end.outcome == .confirmed ? "ended, confirmed" : "not confirmed"] + clauses(end))
        return ["\(end.session)  \(parts.joined(separator: ", "))"]
            + end.survivors.map { "  left: " + SurvivorText.line($0) }
    }

    /// One line of a plan, with the processes that would be ended below it.
    static func plan(_ end: SessionEndDocument) -> [String] {
        ["\(end.session)  would be ended, \(count(end.membersSignalled, "process", "processes"))"]
            + end.survivors.map { "  " + SurvivorText.line($0) }
    }

    /// How the session's end came about.
    private static func clauses(_ end: SessionEndDocument) -> [String] {
        var clauses: [String] = []
        if end.outcome != .confirmed { clauses.append(outcome(end.outcome)) }
        if let ended = end.ended { clauses.append(means(ended)) }
        clauses.append("\(count(end.membersSignalled, "process", "processes")) signalled")
        clauses.append("\(end.durationMs) ms")
        if let detail = end.detail, !detail.isEmpty { clauses.append(Table.Cell(detail).text) }
        return clauses
    }

    /// The gentlest means after which nothing was left, in words.
    static func means(_ ended: SessionEndDocument.Ended) -> String {
        switch ended {
        case .exited: "by itself"
        case .hangup: "by hangup"
        case .terminated: "by systemd's stop"
        case .killed: "by SIGKILL"
        }
    }

    /// What stands in the way of a confirmation, in words.
    static func outcome(_ outcome: OutcomeDocument) -> String {
        switch outcome {
        case .confirmed: "confirmed"
        case .escaped: "a process lives on elsewhere"
        case .unkillable: "processes are left that SIGKILL did not end"
        case .unknown: "it could not be told what is left"
        }
    }

    /// A count with its noun.
    static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }
}
