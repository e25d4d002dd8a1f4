import ArgumentParser
import HostClient
import HostProtocol

/// `corral top` from beginning to end: looks at the host in turns, keys, what they ask for, and the terminal given back however it
/// ends.
///
/// A host that goes away is waited for, and the last figures stay. What a key asks of the host is done beside: the view goes on.
struct TopRun {
    private enum Arrival: Sendable {
        case input(TopInput.Arrival)
        case look(TopModel.Look)
        /// What would die, and how many keys had been pressed when that was asked for.
        case question(TopModel.Question, presses: Int)
        /// Something to say on the bottom line.
        case notice(String)
    }

    /// How the screen was left.
    private enum Leaving {
        case quit
        case attach(session: String)
    }

    private static let begin = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[2J"
    private static let end = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    let client: HostClient
    /// One workspace, or all.
    let workspace: String?
    /// From one look to the next.
    let interval: Duration
    let style: TextStyle

    /// Shows until the user leaves.
    /// - Throws: ``HostClientFailure`` when not even the first look succeeds; ``CommandFailure`` for a terminal that cannot be set.
    func run(_ model: consuming TopModel) async throws {
        var model = model
        model.take(TopModel.Look(load: try await look(sessionsOf: [])))
        while case .attach(let session) = try await show(&model) {
            do {
                _ = try await AttachRun(client, session: session, AttachOptions.parse([])).run()
            } catch {
                model.notice = Self.line(error)
            }
        }
    }

    // MARK: The screen

    private func show(_ model: inout TopModel) async throws -> Leaving {
        let (arrivals, arrival) = AsyncStream.makeStream(of: Arrival.self)
        let pipe = try WakePipe()
        let terminal = try RawTerminal(waking: pipe)
        RawTerminal.noteReset(Array(Self.end.utf8))
        let input = TopInput(waking: pipe) { arrival.yield(.input($0)) }
        var canvas = Canvas(style: style)
        canvas.clear()
        var leaving = Leaving.quit
        canvas.draw(&model)
        let ports = TopPorts(client, workspace: workspace)
        var unfolded = model.unfoldedWorkspaces
        var looking = Task { [unfolded] in await keepLooking(sessionsOf: unfolded, ports) { arrival.yield($0) } }
        loop: for await next in arrivals {
            switch next {
            case .look(let look): model.take(look)
            case .question(let question, let presses): model.ask(question, after: presses)
            case .notice(let text): model.notice = text
            case .input(.resized): canvas.clear()
            case .input(.resumed):
                RawTerminal.noteReset(Array(Self.end.utf8))
                canvas.clear()
            case .input(.ended): break loop
            case .input(.keys(let keys)):
                for key in keys {
                    guard let command = model.press(key) else { continue }
                    switch command {
                    case .quit: break loop
                    case .attach(let session):
                        leaving = .attach(session: session)
                        break loop
                    // Beside: a delete can take its time.
                    case .plan(let destruction):
                        let presses = model.presses
                        Task {
                            arrival.yield(await asked { .question(try await plan(destruction), presses: presses) })
                        }
                    case .destroy(let destruction):
                        Task { arrival.yield(await asked { .notice(try await carryOut(destruction)) }) }
                    case .freeze(let subject):
                        Task { arrival.yield(await asked { .notice(try await freeze(subject)) }) }
                    case .thaw(let subject):
                        Task { arrival.yield(await asked { .notice(try await thaw(subject)) }) }
                    }
                }
            }
            canvas.draw(&model)
            // What is not shown is not asked for: a host with hundreds of sessions would be busy with its own view.
            if model.unfoldedWorkspaces != unfolded {
                unfolded = model.unfoldedWorkspaces
                looking.cancel()
                looking = Task { [unfolded] in await keepLooking(sessionsOf: unfolded, ports) { arrival.yield($0) } }
            }
        }
        looking.cancel()
        await input.end()
        _ = consume terminal
        return leaving
    }

    /// What is on the terminal, so that only lines that have changed are written.
    private struct Canvas {
        let style: TextStyle
        private var drawn: [String] = []

        init(style: TextStyle) { self.style = style }

        mutating func clear() {
            Console.write(Array(TopRun.begin.utf8), to: 1)
            drawn = []
        }

        mutating func draw(_ model: inout TopModel) {
            let size = RawTerminal.size() ?? TerminalSize(columns: 80, rows: 24)
            let screen = TopScreen(size: size, style: style, time: .local)
            model.resize(lines: screen.room)
            let lines = screen.draw(model)
            var text = ""
            for (row, line) in lines.enumerated() where row >= drawn.count || drawn[row] != line {
                text += "\u{1b}[\(row + 1);1H\u{1b}[2K\(line)"
            }
            drawn = lines
            if !text.isEmpty { Console.write(Array(text.utf8), to: 1) }
        }
    }

    // MARK: The host

    private func look(sessionsOf workspaces: [String]) async throws(HostClientFailure) -> LoadDocument {
        try await client.load(workspace: workspace, sessionsOf: workspaces)
    }

    private func keepLooking(sessionsOf unfolded: [String], _ ports: TopPorts, _ tell: (Arrival) -> Void) async {
        while true {
            do {
                tell(.look(TopModel.Look(load: try await look(sessionsOf: unfolded), ports: await ports.known)))
                if try await ports.look() { continue }
                try await Task.sleep(for: interval)
            } catch let failure as HostClientFailure {
                if case .cancelled = failure { return }
                tell(.notice(Self.line(failure)))
                do { try await Task.sleep(for: interval) } catch { return }
            } catch {
                return
            }
        }
    }

    /// What the host answers, or why it does not.
    private func asked(_ body: () async throws -> Arrival) async -> Arrival {
        do { return try await body() } catch { return .notice(Self.line(error)) }
    }

    private func carryOut(_ destruction: TopModel.Destruction) async throws -> String {
        switch destruction {
        case .kill(let session): Self.first(SessionEndReport.text(try await client.killSession(session)))
        case .delete(let workspace):
            Self.first(ReceiptReport(try await client.deleteWorkspace(workspace), .local).text)
        }
    }

    private func freeze(_ subject: TopLine.Subject) async throws -> String {
        switch subject {
        case .session(let id, _): "session \(try await client.freezeSession(id).id): frozen; f thaws it"
        case .workspace(let id): "workspace \(try await client.freezeWorkspace(id).id): frozen; f thaws it"
        }
    }

    private func thaw(_ subject: TopLine.Subject) async throws -> String {
        switch subject {
        case .session(let id, _): "session \(try await client.thawSession(id).id): thawed"
        case .workspace(let id): "workspace \(try await client.thawWorkspace(id).id): thawed"
        }
    }

    /// What would die, in the words of a dry run.
    private func plan(_ destruction: TopModel.Destruction) async throws -> TopModel.Question {
        switch destruction {
        case .delete(let workspace):
            let plan = try await client.deleteWorkspace(workspace, DeleteWorkspaceOptions(dryRun: true))
            return TopModel.Question(
                about: destruction,
                lines: ReceiptReport(plan, .local).text.split(separator: "\n").map(String.init) + ["", "Delete it?"])
        case .kill(let id):
            let session = try await client.session(id)
            var lines = [
                "session \(id) (\(Table.Cell(session.title).text)): \(Table.Cell(session.command.joined(separator: " ")).text)"
            ]
            if let workspace = session.workspace {
                // With force, which asks nothing of the files: whether work would be lost is no matter of a session's.
                let options = DeleteWorkspaceOptions(force: true, dryRun: true)
                do throws(HostClientFailure) {
                    let plan = try await client.deleteWorkspace(workspace, options)
                    lines += plan.sessions.filter { $0.session == id }.flatMap { SessionEndReport.plan($0) }
                } catch {
                    lines.append("What runs in it cannot be listed: \(Self.line(error))")
                }
            }
            return TopModel.Question(about: destruction, lines: lines + ["", "Kill it?"])
        }
    }

    private static func line(_ error: any Error) -> String { first(FailureReport(error)?.text ?? "\(error)") }

    private static func first(_ text: String) -> String {
        text.split(separator: "\n").first.map(String.init) ?? ""
    }
}
