import FoundationEssentials
import HostProtocol

/// What `corral top` shows and how keys change it: everything but the terminal and the host.
///
/// Figures are differences of two looks; one look has none of them. Whatever destroys is asked about first, and only `y` answers yes.
struct TopModel: Sendable {
    /// What a key asks of whoever has the host and the terminal.
    enum Command: Sendable, Equatable {
        case quit
        case attach(session: String)
        /// Find out what would die, and ask.
        case plan(Destruction)
        case destroy(Destruction)
        /// Stop it, or let it go on.
        case freeze(TopLine.Subject)
        case thaw(TopLine.Subject)
    }

    /// What ends processes.
    enum Destruction: Sendable, Equatable {
        case kill(session: String)
        case delete(workspace: String)
    }

    /// What only `y` answers with yes.
    struct Question: Sendable, Equatable {
        var about: Destruction
        /// What would die, a line each; the last one asks.
        var lines: [String]
    }

    /// A look, and what is known beside it.
    struct Look: Sendable {
        var load: LoadDocument
        /// Ports by workspace and by session.
        var ports: [String: [Int]] = [:]
    }

    private(set) var order: TopOrder
    private(set) var selected: TopLine.Subject?
    /// Whether a key has chosen it. Until then it is the first line, whichever that is.
    private var isChosen = false
    private(set) var question: Question?
    /// What was done last, or why it was not.
    var notice: String?
    private(set) var isHelpShown = false
    /// How many keys were pressed. A plan that comes after another key is not asked about: whoever presses `y` must have seen what for.
    private(set) var presses = 0
    private var look: Look?
    /// Of the look before: when it was, and processor time by workspace and session.
    private var before: (at: Timestamp, usage: [TopLine.Subject: Int64])?
    /// Workspaces that a key has folded or unfolded. The others are unfolded while all lines have room.
    private var folds: [String: Bool] = [:]
    /// Lines that have room.
    private var room = 20

    /// Begins without any figures.
    init(order: TopOrder = .cpu) { self.order = order }

    // MARK: Figures

    /// Takes the figures of another look.
    mutating func take(_ next: Look) {
        if let look { before = (look.load.at, Self.usage(look.load)) }
        look = next
        keepSelection(among: lines)
    }

    /// How many lines have room.
    mutating func resize(lines: Int) { room = max(1, lines) }

    /// The moment and the total, once there is a look.
    var load: LoadDocument? { look?.load }

    /// Per cent of one processor that everything takes together.
    var totalCPU: Double? {
        guard let look else { return nil }
        return look.load.workspaces.map { rate(.workspace($0.id), $0.figures) ?? 0 }.reduce(0, +)
    }

    /// Workspaces whose sessions are shown, for the next look.
    var unfoldedWorkspaces: [String] { look?.load.workspaces.map(\.id).filter(isUnfolded) ?? [] }

    /// All lines in their order.
    var lines: [TopLine] {
        guard let look else { return [] }
        let workspaces = look.load.workspaces.map { workspace in
            (line(workspace), workspace.sessions.map { line($0, in: workspace.id) }.sorted(by: order.isBefore))
        }
        return workspaces.sorted { order.isBefore($0.0, $1.0) }
            .flatMap { $0.0.isUnfolded == true ? [$0.0] + $0.1 : [$0.0] }
    }

    private static func usage(_ load: LoadDocument) -> [TopLine.Subject: Int64] {
        var usage: [TopLine.Subject: Int64] = [:]
        for workspace in load.workspaces {
            usage[.workspace(workspace.id)] = workspace.figures.cpuUsec
            for session in workspace.sessions {
                usage[.session(session.id, workspace: workspace.id)] = session.figures.cpuUsec
            }
        }
        return usage
    }

    private func rate(_ subject: TopLine.Subject, _ figures: LoadFigures) -> Double? {
        guard let look, let before, let now = figures.cpuUsec, let then = before.usage[subject] else {
            return nil
        }
        let elapsed = look.load.at.date.timeIntervalSince(before.at.date)
        // A slice that vanished and came back counts anew.
        guard elapsed > 0, now >= then else { return nil }
        return Double(now - then) / elapsed / 10_000
    }

    private func line(_ workspace: LoadDocument.Workspace) -> TopLine {
        var line = line(.workspace(workspace.id), workspace.name, workspace.state.rawValue, workspace.figures)
        line.isUnfolded = isUnfolded(workspace.id)
        line.idle = workspace.sessions.compactMap(\.idleSeconds).min()
        return line
    }

    private func line(_ session: LoadDocument.Session, in workspace: String) -> TopLine {
        var line = line(
            .session(session.id, workspace: workspace), session.title, session.status.rawValue, session.figures)
        line.idle = session.idleSeconds
        return line
    }

    private func line(
        _ subject: TopLine.Subject, _ name: String, _ state: String, _ figures: LoadFigures
    ) -> TopLine {
        TopLine(
            subject: subject, name: name, state: figures.frozen == true ? "frozen" : state,
            cpu: rate(subject, figures), memory: figures.memory, tasks: figures.tasks,
            cpuWait: figures.cpuWait, memoryWait: figures.memoryWait,
            ioWait: figures.ioWait,
            ports: look?.ports[subject.id].map { $0.map { "\($0)" }.joined(separator: " ") })
    }

    private func isUnfolded(_ workspace: String) -> Bool {
        if let chosen = folds[workspace] { return chosen }
        let all = look?.load.workspaces ?? []
        return all.reduce(all.count) { $0 + $1.sessionCount } <= room
    }

    // MARK: Keys

    /// Asks about what was planned, unless another key was pressed since.
    /// - Parameter presses: how many keys had been pressed when it was asked for.
    mutating func ask(_ question: Question, after presses: Int) {
        guard presses == self.presses, self.question == nil else { return }
        self.question = question
        notice = nil
    }

    /// Takes a key.
    /// - Returns: what is to be done now.
    mutating func press(_ key: TopKey) -> Command? {
        presses += 1
        if isHelpShown {
            isHelpShown = false
            return nil
        }
        if let asked = question {
            question = nil
            guard key == .character("y"), !isTooSmall else {
                notice = "Nothing was done."
                return nil
            }
            notice = "Asked the host. What it has begun goes on also without this view."
            return .destroy(asked.about)
        }
        notice = nil
        if let command = command(key) { return command }
        move(key)
        return nil
    }

    private mutating func command(_ key: TopKey) -> Command? {
        switch key {
        case .character("q"): return .quit
        case .character("a"), .enter:
            guard case .session(let id, _) = selected else {
                if case .workspace(let id) = selected { fold(id, !isUnfolded(id)) }
                return nil
            }
            return .attach(session: id)
        case .character("k"):
            guard case .session(let id, _) = selected else {
                notice = "k ends a session; d deletes a workspace."
                return nil
            }
            return plan(.kill(session: id))
        case .character("d"):
            switch selected {
            case .workspace(let id): return plan(.delete(workspace: id))
            case .session: notice = "d deletes a workspace; k ends a session."
            case nil: break
            }
            return nil
        case .character("f"):
            guard let line = lines.first(where: { $0.subject == selected }) else { return nil }
            return line.isFrozen ? .thaw(line.subject) : .freeze(line.subject)
        default: return nil
        }
    }

    /// Whether a question has no room: its first line, what is left out, and the one that asks.
    private var isTooSmall: Bool { room < 3 }

    private mutating func plan(_ destruction: Destruction) -> Command? {
        guard !isTooSmall else {
            notice = "Make the window larger: what would die could not be shown."
            return nil
        }
        notice = "Looking at what would die."
        return .plan(destruction)
    }

    private mutating func move(_ key: TopKey) {
        switch key {
        case .character("s"): order = order.next
        case .character("?"), .character("h"): isHelpShown = true
        case .up: step(-1)
        case .down: step(1)
        case .pageUp: step(-room)
        case .pageDown: step(room)
        case .home: step(-lines.count)
        case .end: step(lines.count)
        case .left: foldSelected(false)
        case .right: foldSelected(true)
        default: break
        }
    }

    private mutating func step(_ count: Int) {
        let lines = lines
        guard !lines.isEmpty else { return }
        isChosen = true
        let index = lines.firstIndex { $0.subject == selected } ?? 0
        selected = lines[min(max(index + count, 0), lines.count - 1)].subject
    }

    private mutating func foldSelected(_ isUnfolded: Bool) {
        switch selected {
        case .workspace(let id): fold(id, isUnfolded)
        case .session(_, let workspace) where !isUnfolded:
            fold(workspace, false)
            selected = .workspace(workspace)
        case .session, nil: break
        }
    }

    private mutating func fold(_ workspace: String, _ isUnfolded: Bool) {
        isChosen = true
        folds[workspace] = isUnfolded
    }

    /// What was selected may be gone, or folded away.
    private mutating func keepSelection(among lines: [TopLine]) {
        if isChosen, let selected, lines.contains(where: { $0.subject == selected }) { return }
        if isChosen, case .session(_, let workspace) = selected,
            lines.contains(where: { $0.subject == .workspace(workspace) })
        {
            selected = .workspace(workspace)
        } else {
            selected = lines.first?.subject
        }
    }
}
