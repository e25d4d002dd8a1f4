import HostProtocol

/// Draws `corral top`: the model as lines of exactly the terminal's width, usable from 80×24 on and without colours.
struct TopScreen: Sendable {
    let size: TerminalSize
    let style: TextStyle
    let time: TimeText

    /// Lines above and below those of workspaces and sessions.
    static let frame = 5

    /// How many lines of workspaces and sessions have room.
    var room: Int { max(1, size.rows - Self.frame) }

    /// All lines, from the first to the last of the terminal.
    func draw(_ model: TopModel) -> [String] {
        var lines = head(model)
        if let question = model.question {
            lines += shortened(question.lines).map { fit(Table.Cell.printable($0)) }
        } else if model.isHelpShown {
            lines += Self.help.prefix(room).map { fit($0) }
        } else {
            lines += rows(model)
        }
        while lines.count < size.rows - 1 { lines.append(fit("")) }
        lines.append(paint(fit(foot(model)), reversed: true))
        return Array(lines.prefix(size.rows))
    }

    /// What does not fit is counted, and the last line is always there: it is the one that asks.
    private func shortened(_ lines: [String]) -> [String] {
        guard lines.count > room, room >= 3, let last = lines.last else { return Array(lines.prefix(room)) }
        let left = lines.count - (room - 1)
        return lines.prefix(room - 2) + ["  … and \(left) more lines; `corral … --dry-run` shows all", last]
    }

    private static let help = [
        "", "  up, down, page up, page down, home, end   choose a line",
        "  right, left                               show or hide a workspace's sessions",
        "  s   sort by the next column: CPU, memory, tasks, name",
        "  a   attach to the session (Enter does, too); detach with Ctrl-\\ d",
        "  f   freeze it: all that runs in it stops, until f thaws it",
        "  k   kill the session; d delete the workspace: asks first, and shows what will die",
        "  q   quit", "",
        "  CPU is per cent of one processor. WAIT is the part of the last ten seconds in which something waited for",
        "  a processor, for memory or for a disk. `-` is not known: `corral stats` says why.", "",
        "  Any key goes back.",
    ]

    // MARK: Head and foot

    private func head(_ model: TopModel) -> [String] {
        guard let load = model.load else { return [fit("corral top: asking the host"), fit(""), fit("")] }
        let sessions = load.workspaces.reduce(0) { $0 + $1.sessionCount }
        let figures = load.figures
        let first = [
            "corral top", time.clock(load.at), Self.counted(load.workspaces.count, "workspace"),
            Self.counted(sessions, "session"), "CPU \(Self.per(model.totalCPU))",
            "memory \(figures.memory.map { LimitText.bytes($0) } ?? "-")",
            "tasks \(figures.tasks.map { "\($0)" } ?? "-")",
        ].joined(separator: "  ")
        let second =
            "wait  "
            + [("cpu", figures.cpuWait), ("memory", figures.memoryWait), ("io", figures.ioWait)]
            .map { "\($0) \(Self.bar($1, width: 10)) \(Self.per($1))" }.joined(separator: "   ")
        return [fit(first), fit(second), paint(fit(columns(Self.titles(model.order))), reversed: true)]
    }

    private func foot(_ model: TopModel) -> String {
        if model.question != nil { return " y yes   any other key no" }
        if let notice = model.notice { return " " + Table.Cell.printable(notice) }
        return " arrows move, fold  s sort  a attach  f freeze  k kill  d delete  ? help  q quit"
    }

    /// The title of the column that the lines are sorted by is marked.
    private static func titles(_ order: TopOrder) -> [String] {
        [
            order == .name ? "NAME*" : "NAME", "STATE", order == .cpu ? "CPU*" : "CPU",
            order == .memory ? "MEM*" : "MEM", order == .tasks ? "TASKS*" : "TASKS", "IDLE", "CPU/MEM/IO WAIT",
            "PORTS",
        ]
    }

    // MARK: Rows

    private func rows(_ model: TopModel) -> [String] {
        let lines = model.lines
        if lines.isEmpty, model.load != nil { return [fit("  nothing runs; q quits")] }
        let chosen = lines.firstIndex { $0.subject == model.selected } ?? 0
        // The chosen line is always to be seen, in the middle where there is more above and below.
        let first = min(max(0, chosen - room / 2), max(0, lines.count - room))
        return lines.indices.dropFirst(first).prefix(room).map { index in
            let line = lines[index]
            return paint(fit(columns(Self.cells(line))), reversed: index == chosen, Self.colour(line))
        }
    }

    private static func cells(_ line: TopLine) -> [String] {
        let mark = line.isUnfolded.map { $0 ? "- " : "+ " } ?? "    "
        let waits = [line.cpuWait, line.memoryWait, line.ioWait]
        return [
            mark + Table.Cell.printable(line.name), line.state, per(line.cpu),
            line.memory.map { LimitText.bytes($0) } ?? "-", line.tasks.map { "\($0)" } ?? "-",
            line.idle.map { String(TimeText.span($0).prefix { $0 != " " }) } ?? "-",
            waits.allSatisfy { $0 == nil }
                ? "-"
                : "\(bar(waits.compactMap { $0 }.max(), width: 5)) " + waits.map { short($0) }.joined(separator: "/"),
            line.ports ?? "-",
        ]
    }

    private static func colour(_ line: TopLine) -> TextStyle.Colour? {
        switch line.state {
        case "active": nil
        case "failed": .bad
        default: .pending
        }
    }

    // MARK: Text

    /// Widths of all columns but the first and the last, which share what is left, and whether they are set to the right.
    private static let widths: [(Int, Bool)] = [(8, false), (6, true), (6, true), (6, true), (4, true), (17, false)]

    private func columns(_ cells: [String]) -> String {
        let fixed = Self.widths.reduce(0) { $0 + $1.0 + 1 }
        let ports = size.columns >= 100 ? 20 : 11
        let name = max(8, size.columns - fixed - ports - 1)
        var text = Self.pad(cells[0], name, right: false)
        for (cell, (width, right)) in zip(cells.dropFirst(), Self.widths) {
            text += " " + Self.pad(cell, width, right: right)
        }
        return text + " " + (cells.last ?? "")
    }

    private static func pad(_ text: String, _ width: Int, right: Bool) -> String {
        let text = CellWidth.of(text) > width ? CellWidth.prefix(text, width - 1) + "~" : text
        // One fewer than it may take, where a wide letter did not fit.
        let blanks = String(repeating: " ", count: width - CellWidth.of(text))
        return right ? blanks + text : text + blanks
    }

    /// Exactly as wide as the terminal.
    private func fit(_ text: String) -> String {
        let text = CellWidth.prefix(text, size.columns)
        return text + String(repeating: " ", count: size.columns - CellWidth.of(text))
    }

    private func paint(_ text: String, reversed: Bool, _ colour: TextStyle.Colour? = nil) -> String {
        let painted = style.paint(text, colour)
        return reversed ? "\u{1b}[7m\(painted)\u{1b}[0m" : painted
    }

    private static func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }

    /// `12.3%`, and from 1000 on without a decimal.
    private static func per(_ value: Double?) -> String {
        guard let value else { return "-" }
        if value >= 1000 { return "\(whole(value))%" }
        let tenths = whole(value * 10)
        return "\(tenths / 10).\(tenths % 10)%"
    }

    private static func short(_ value: Double?) -> String { value.map { "\(whole($0))" } ?? "-" }

    /// As a whole number, whatever a host has sent.
    static func whole(_ value: Double) -> Int { Int(min(max(value, 0), 1e9).rounded()) }

    private static func bar(_ percent: Double?, width: Int) -> String {
        let full = min(width, max(0, whole(Double(width) * (percent ?? 0) / 100)))
        return "[" + String(repeating: "|", count: full) + String(repeating: " ", count: width - full) + "]"
    }
}
