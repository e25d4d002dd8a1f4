import HostProtocol

/// A receipt in words: what ended and how, what was found outside, what became of the files, and what happens next.
struct ReceiptReport {
    private let receipt: ReceiptDocument
    private let time: TimeText

    /// Prepares to tell of a receipt.
    init(_ receipt: ReceiptDocument, _ time: TimeText) {
        self.receipt = receipt
        self.time = time
    }

    /// The exit status of the delete that the receipt records.
    var status: CommandStatus {
        switch receipt.state {
        case .planned: .done
        case .kept: .conflict
        case .deleting: .notConfirmed
        case .deleted: receipt.outcome == .confirmed ? .done : .notConfirmed
        }
    }

    /// The whole report, without a newline at its end.
    var text: String {
        var lines = ["workspace \(receipt.workspace) (\(Table.Cell(receipt.workspaceName).text)): \(verdict)"]
        lines += receipt.sessions.flatMap { end in
            let parts = receipt.state == .planned ? SessionEndReport.plan(end) : SessionEndReport.lines(end)
            return ["  session   \(parts[0])"] + parts.dropFirst().map { "            " + $0 }
        }
        lines += receipt.escapes.flatMap { Self.process("escape", $0) }
        lines += receipt.suspects.flatMap { Self.process("suspect", $0) }
        if receipt.unreadable > 0 {
            let processes = SessionEndReport.count(receipt.unreadable, "process", "processes")
            lines.append("  unread    \(processes) elsewhere could not be read, and may or may not belong here")
        }
        lines.append("  worktree  \(removal(receipt.worktree, ofBranch: false))")
        lines.append("  branch    \(removal(receipt.branch, ofBranch: true))")
        lines += receipt.warnings.map { "  warning   \(Self.indented($0))" }
        if let detail = receipt.detail, !detail.isEmpty { lines.append("  reason    \(Self.indented(detail))") }
        if receipt.cause == .expired { lines.append("  cause     it had expired") }
        if receipt.state != .planned { lines.append("  receipt   \(receipt.id)") }
        if receipt.state == .deleting {
            lines.append("The delete goes on by itself. How far it is: corral receipt \(receipt.id)")
        }
        return lines.joined(separator: "\n")
    }

    private var verdict: String {
        switch receipt.state {
        case .planned: "would be deleted; nothing was done"
        case .kept: "kept; nothing of its files was removed"
        case .deleting where receipt.confirmedAt != nil:
            "not deleted yet; all in its slice has ended, \(confirmation)"
        case .deleting: "not deleted yet; not confirmed: \(SessionEndReport.outcome(receipt.outcome))"
        case .deleted where receipt.outcome == .confirmed: "deleted; all in its slice has ended, \(confirmation)"
        case .deleted: "deleted, but \(SessionEndReport.outcome(receipt.outcome))"
        }
    }

    private var confirmation: String {
        let moment = receipt.confirmedAt.map { " at " + time.full($0) } ?? ""
        let duration = receipt.durationMs.map { " (\($0) ms)" } ?? ""
        return "confirmed by the kernel\(moment)\(duration)"
    }

    private func removal(_ removal: ReceiptDocument.Removal, ofBranch: Bool) -> String {
        switch removal {
        case .removed: "removed"
        case .planned: "would be removed"
        case .kept where receipt.state == .planned: "would be kept"
        case .kept where receipt.state == .deleting: "still there"
        case .kept: "kept"
        case .absent: "was not there"
        case .failed: "could not be removed"
        case .notOurs: ofBranch ? "none of Corral's" : "kept on disk, it was adopted"
        }
    }

    private static func process(_ heading: String, _ escape: EscapeDocument) -> [String] {
        let margin = heading.count < 10 ? String(repeating: " ", count: 10 - heading.count) : " "
        let action = escape.action == .killed ? "killed" : "only reported"
        let command = Table.Cell(escape.command).text
        return ["  \(heading)\(margin)pid \(escape.pid) (\(command)), cgroup \(escape.cgroup): \(action)"]
            + escape.evidence.map { "            since \(Table.Cell($0).text)" }
    }

    /// A text of the host's below the first of its lines.
    private static func indented(_ text: String) -> String {
        text.split(separator: "\n" as Character).map { Table.Cell(String($0)).text }.joined(separator: "\n            ")
    }
}
