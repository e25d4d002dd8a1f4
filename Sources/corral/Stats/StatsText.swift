import HostProtocol

/// Figures as a table: a line a workspace, below it one for each of its sessions.
enum StatsText {
    /// The table and why cells of it are empty, without a newline at the end.
    static func text(_ stats: StatsDocument, withTotal: Bool, _ style: TextStyle) -> String {
        var table = Table(
            "WORKSPACE", "SESSION", "CPU", "MEMORY", "PEAK", "TASKS", "MEMBERS", "READ", "WRITTEN", "WAIT CPU", "MEM",
            "IO")
        var reasons = stats.unavailable
        for workspace in stats.workspaces {
            append(
                workspace.name, workspace.sessions.count == 1 ? "1 session" : "\(workspace.sessions.count) sessions",
                workspace.figures, to: &table)
            for session in workspace.sessions {
                append("", session.title, session.figures, to: &table)
                // A workspace in which nothing runs needs no words.
                if let reason = session.figures.reason { reasons["session \(session.id)"] = reason }
            }
        }
        if withTotal { append("all", stats.instance, stats.figures, to: &table) }
        let lines = reasons.sorted { $0.key < $1.key }.map { "\($0.key) not known: \($0.value)" }
        return ([table.text(style)] + (lines.isEmpty ? [] : [""]) + lines).joined(separator: "\n")
    }

    private static func append(
        _ workspace: String, _ session: String, _ figures: FiguresDocument, to table: inout Table
    ) {
        table.append(
            Table.Cell(workspace.isEmpty ? " " : workspace), Table.Cell(session),
            Table.Cell(figures.cpu.map { seconds($0.usageUsec) }),
            Table.Cell(figures.memory.map { LimitText.bytes($0.current) }),
            Table.Cell(figures.memory?.peak.map { LimitText.bytes($0) }),
            Table.Cell(figures.tasks.map { Int($0.current) }),
            Table.Cell(figures.members), Table.Cell(figures.io.map { LimitText.bytes($0.readBytes) }),
            Table.Cell(figures.io.map { LimitText.bytes($0.writtenBytes) }), Table.Cell(waiting(figures.cpuPressure)),
            Table.Cell(waiting(figures.memoryPressure)), Table.Cell(waiting(figures.ioPressure)))
    }

    private static func waiting(_ pressure: FiguresDocument.Pressure?) -> String? {
        pressure.map { "\(TopScreen.whole($0.some.avg10))%" }
    }

    /// Processor time: `0.31s`, `4m12s`, `3h07m`.
    static func seconds(_ microseconds: Int64) -> String {
        let seconds = microseconds / 1_000_000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return switch seconds {
        case ..<60: "\(seconds).\(two(microseconds / 10_000 % 100))s"
        case ..<3600: "\(seconds / 60)m\(two(seconds % 60))s"
        default: "\(seconds / 3600)h\(two(seconds / 60 % 60))m"
        }
    }
}
