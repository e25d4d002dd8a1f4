import HostProtocol

/// What the doctor found, a line a check, and below it how to mend what is not in order.
enum DoctorReport {
    /// The lines, without a newline at the end.
    static func text(_ document: DoctorDocument, _ style: TextStyle) -> String {
        let width = document.checks.map(\.name.count).max() ?? 0
        var lines: [String] = []
        for check in document.checks {
            let name = check.name + String(repeating: " ", count: width - check.name.count)
            let found = Table.Cell("\(check.found) (\(check.source))").text
            lines.append("\(mark(check.verdict, style)) \(name)  \(found)")
            if let mend = check.mend {
                lines.append(String(repeating: " ", count: 10 + width) + "-> \(Table.Cell(mend).text)")
            }
        }
        lines.append("")
        lines.append(summary(document))
        return lines.joined(separator: "\n")
    }

    private static func mark(_ verdict: DoctorDocument.Verdict, _ style: TextStyle) -> String {
        switch verdict {
        case .ok: style.paint("ok     ", .good)
        case .warning: style.paint("warning", .pending)
        case .failure: style.paint("failure", .bad)
        }
    }

    private static func summary(_ document: DoctorDocument) -> String {
        let failures = document.checks.count { $0.verdict == .failure }
        let warnings = document.checks.count { $0.verdict == .warning }
        return
            "\(SessionEndReport.count(failures, "failure", "failures")), \(SessionEndReport.count(warnings, "warning", "warnings"))"
    }
}
