import HostProtocol

/// Ports as a table, and what came of closing one.
enum PortText {
    /// A line a port.
    static func table(_ ports: [PortDocument], _ time: TimeText, _ style: TextStyle) -> String {
        var table = Table("PORT", "PROTOCOL", "ADDRESS", "WORKSPACE", "SESSION", "PID", "COMMAND", "SEEN")
        for port in ports {
            let first = port.processes.first
            let more = port.processes.count > 1 ? " (and \(port.processes.count - 1) more)" : ""
            table.append(
                Table.Cell(port.port), Table.Cell(port.protocol.rawValue), address(port), Table.Cell(port.workspace),
                Table.Cell(port.session), Table.Cell(first?.pid),
                Table.Cell(first.map { $0.command + more }), Table.Cell(time.ago(port.firstSeen)))
        }
        return table.text(style)
    }

    /// What could not be looked into; nil when all could.
    static func remark(_ list: PortListDocument) -> String? {
        guard list.unreadable > 0 else { return nil }
        let reasons = list.reasons.prefix(3).joined(separator: "; ") + (list.unreadable > 3 ? "; …" : "")
        return "\(list.unreadable) could not be looked into and may have more ports: \(reasons)"
    }

    /// What came of closing a port.
    static func end(_ end: PortEndDocument) -> String {
        let lines = end.processes.map { process in
            let detail = process.detail.map { " (\(Table.Cell($0).text))" } ?? ""
            return "  pid \(process.pid) (\(Table.Cell(process.command).text)): \(words(process.outcome))\(detail)"
        }
        let head =
            switch end.closed {
            case true: "Port \(end.port) is closed."
            case false: "Port \(end.port) is not closed: \(Table.Cell(end.detail).text)."
            case nil: "Whether port \(end.port) is closed is not known: \(Table.Cell(end.detail).text)."
            }
        return ([head] + lines).joined(separator: "\n")
    }

    private static func address(_ port: PortDocument) -> Table.Cell {
        Table.Cell(port.hostNetwork ? port.address : "\(port.address) (network \(port.networkNamespace))")
    }

    private static func words(_ outcome: PortEndDocument.Ending.Outcome) -> String {
        switch outcome {
        case .terminated: "ended upon SIGTERM"
        case .killed: "ended upon SIGKILL"
        case .gone: "had gone"
        case .spared: "left alone"
        case .survived: "still there after SIGKILL"
        case .failed: "not known"
        }
    }
}
