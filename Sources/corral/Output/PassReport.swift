import HostProtocol

/// The result of a reaper pass in words.
enum PassReport {
    /// One line of counts: what stands in a status.
    static func summary(_ pass: PassDocument) -> String {
        var parts = [
            "reaped \(pass.reaped)", "failed \(pass.failed)", "kept \(pass.kept)", "recovered \(pass.recovered)",
            "remembered \(pass.remembered)", "unclaimed \(pass.unclaimed.count)",
        ]
        parts += pass.skipped.sorted { $0.key < $1.key }.map { "skipped \($0.value) (\($0.key))" }
        if !pass.escapes.isEmpty { parts.append("escapes \(pass.escapes.count)") }
        if !pass.suspects.isEmpty { parts.append("suspects \(pass.suspects.count)") }
        return parts.joined(separator: ", ") + "; \(pass.durationMs) ms"
    }

    /// The whole result, without a newline at its end.
    static func text(_ pass: PassDocument, isPlanned: Bool) -> String {
        var lines = [(isPlanned ? "would have: " : "") + summary(pass)]
        lines += pass.actions.map { "  " + Table.Cell($0).text }
        for unclaimed in pass.unclaimed {
            let members = unclaimed.members.map { SessionEndReport.count($0, "process", "processes") } ?? "processes"
            lines.append("  unclaimed: \(unclaimed.unit), \(members)")
        }
        if !pass.unclaimed.isEmpty {
            lines.append("No record explains the unclaimed. `corral reap --unclaimed` ends them.")
        }
        lines += pass.escapes.map { "  escape: " + process($0) }
        lines += pass.suspects.map { "  suspect: " + process($0) }
        return lines.joined(separator: "\n")
    }

    /// One process that left its slice, or looks as if it had, with what speaks for it.
    static func process(_ escape: EscapeDocument) -> String {
        let action = escape.action == .killed ? "killed" : "only reported"
        let evidence = escape.evidence.isEmpty ? "" : " (\(escape.evidence.joined(separator: "; ")))"
        let text = "pid \(escape.pid) (\(escape.command)), cgroup \(escape.cgroup): \(action)\(evidence)"
        return Table.Cell(text).text
    }
}
