import FoundationEssentials
import HostProtocol
import Testing

@testable import corral

@Suite struct `What top shows` {
    private static let start = Date(timeIntervalSince1970: 1_700_000_000)

    /// A look with two workspaces, one second after the other.
    private static func look(second: Int, tests: Int64, shell: Int64, docs: Int64) -> TopModel.Look {
        func figures(_ usage: Int64, memory: Int64?, frozen: Bool = false) -> LoadFigures {
            var figures = LoadFigures(reason: nil)
            figures.cpuUsec = usage
            figures.memory = memory
            figures.frozen = frozen
            return figures
        }
        let workspaces = [
            LoadDocument.Workspace(
                id: "wfix", name: "fix-login", state: .active, figures: figures(tests + shell, memory: 3 << 30),
                sessionCount: 2,
                sessions: [
                    .init(
                        id: "stests", title: "tests", status: .active, idleSeconds: 90,
                        figures: figures(tests, memory: 1 << 30)),
                    .init(
                        id: "sshell", title: "shell", status: .active, idleSeconds: 90,
                        figures: figures(shell, memory: 2 << 30)),
                ]),
            LoadDocument.Workspace(
                id: "wdocs", name: "docs", state: .active, figures: figures(docs, memory: nil, frozen: true),
                sessionCount: 1,
                sessions: [
                    .init(
                        id: "sedit", title: "edit\u{1b}[2J", status: .active, idleSeconds: 90,
                        figures: figures(docs, memory: nil))
                ]),
        ]
        return TopModel.Look(
            load: LoadDocument(
                at: Timestamp(start.addingTimeInterval(Double(second))), instance: "1f2e3d4c",
                figures: figures(tests + shell + docs, memory: 4 << 30), workspaces: workspaces, unavailable: [:]),
            ports: ["wfix": [3000, 5173], "stests": [3000]])
    }

    private static var model: TopModel {
        var model = TopModel()
        model.take(look(second: 0, tests: 1_000_000, shell: 0, docs: 5_000_000))
        model.take(look(second: 2, tests: 3_000_000, shell: 20_000, docs: 5_000_000))
        return model
    }

    private static func names(_ model: TopModel) -> [String] { model.lines.map(\.name) }

    @Test func `is the difference of two looks: nothing is known after the first`() {
        var model = TopModel()
        model.take(Self.look(second: 0, tests: 1, shell: 1, docs: 1))
        #expect(model.lines.allSatisfy { $0.cpu == nil })
        #expect(Self.model.lines.map(\.cpu) == [101, 100, 1, 0, 0])
        #expect(Self.model.totalCPU == 101)
    }

    /// A slice goes with its last scope, and its successor counts from 0: it showed minus some thousand per cent.
    @Test func `knows nothing of a slice that came back and counts anew`() {
        var model = Self.model
        model.take(Self.look(second: 3, tests: 10, shell: 20_000, docs: 5_000_000))
        #expect(model.lines.first { $0.name == "tests" }?.cpu == nil)
        #expect(model.lines.first { $0.name == "shell" }?.cpu == 0)
    }

    @Test func `is sorted, workspaces among each other and sessions below theirs, what is not known last`() {
        var model = Self.model
        #expect(Self.names(model) == ["fix-login", "tests", "shell", "docs", "edit\u{1b}[2J"])
        let orders = (1...4).map { _ in
            _ = model.press(.character("s"))
            return (model.order, Self.names(model).prefix(3).joined(separator: " "))
        }
        #expect(orders.map(\.0) == [.memory, .tasks, .name, .cpu])
        #expect(
            orders.map(\.1) == [
                "fix-login shell tests", "docs edit\u{1b}[2J fix-login", "docs edit\u{1b}[2J fix-login",
                "fix-login tests shell",
            ])
    }

    @Test func `folds workspaces when not all lines have room, and as keys say`() {
        var model = Self.model
        model.resize(lines: 4)
        #expect(Self.names(model) == ["fix-login", "docs"])
        _ = model.press(.right)
        #expect(Self.names(model) == ["fix-login", "tests", "shell", "docs"])
        _ = model.press(.down)
        #expect(model.selected == .session("stests", workspace: "wfix"))
        _ = model.press(.left)
        #expect(Self.names(model) == ["fix-login", "docs"])
        #expect(model.selected == .workspace("wfix"))
        // Enter, too.
        #expect(model.press(.enter) == nil)
        #expect(Self.names(model).count == 4)
    }

    @Test func `keeps its choice while it is there, and goes to the workspace of a session that is gone`() {
        var model = Self.model
        _ = model.press(.end)
        #expect(model.selected == .session("sedit", workspace: "wdocs"))
        var next = Self.look(second: 4, tests: 3_000_000, shell: 9_000_000, docs: 5_000_000)
        model.take(next)
        #expect(model.selected == .session("sedit", workspace: "wdocs"))
        next.load.workspaces[1].sessions = []
        model.take(next)
        #expect(model.selected == .workspace("wdocs"))
        next.load.workspaces = []
        model.take(next)
        #expect(model.selected == nil)
        #expect(model.press(.down) == nil)
        #expect(model.press(.character("k")) == nil)
    }

    @Test func `destroys only after a plan was shown and y was pressed`() {
        var model = Self.model
        #expect(model.press(.character("k")) == nil)
        #expect(model.notice == "k ends a session; d deletes a workspace.")
        #expect(model.press(.character("d")) == .plan(.delete(workspace: "wfix")))
        for key in [TopKey.character("n"), .enter, .escape, .character("Y"), .character("q"), .character("d")] {
            model.ask(.init(about: .delete(workspace: "wfix"), lines: ["plan"]), after: model.presses)
            #expect(model.press(key) == nil)
            #expect(model.question == nil)
            #expect(model.notice == "Nothing was done.")
        }
        // A y that answers nothing.
        #expect(model.press(.character("y")) == nil)
        _ = model.press(.down)
        #expect(model.press(.character("d")) == nil)
        #expect(model.press(.character("k")) == .plan(.kill(session: "stests")))
        model.ask(.init(about: .kill(session: "stests"), lines: ["plan"]), after: model.presses)
        // The view goes on beneath: what is chosen now does not matter.
        model.take(Self.look(second: 5, tests: 3_000_000, shell: 9_000_000, docs: 5_000_000))
        #expect(model.press(.character("y")) == .destroy(.kill(session: "stests")))
        #expect(model.question == nil)
    }

    // A plan that came late took the place of another one's question, and `y` deleted a workspace that nobody had been asked about.
    @Test func `asks about nothing once another key was pressed`() {
        var model = Self.model
        #expect(model.press(.character("d")) == .plan(.delete(workspace: "wfix")))
        let first = model.presses
        _ = model.press(.end)
        _ = model.press(.up)
        #expect(model.press(.character("d")) == .plan(.delete(workspace: "wdocs")))
        let second = model.presses
        model.ask(.init(about: .delete(workspace: "wfix"), lines: ["plan"]), after: first)
        #expect(model.question == nil)
        model.ask(.init(about: .delete(workspace: "wdocs"), lines: ["plan"]), after: second)
        model.ask(.init(about: .delete(workspace: "wfix"), lines: ["plan"]), after: first)
        // Also not one that was asked for by the same keys.
        model.ask(.init(about: .delete(workspace: "wfix"), lines: ["plan"]), after: second)
        #expect(model.question?.about == .delete(workspace: "wdocs"))
    }

    // In a window of three lines nothing of the question was to be seen, and `y` deleted all the same.
    @Test func `destroys nothing where the question has no room, nor after the window has become so small`() {
        var model = Self.model
        model.resize(lines: 2)
        #expect(model.press(.character("d")) == nil)
        #expect(model.notice?.contains("window") == true)
        model.resize(lines: 20)
        #expect(model.press(.character("d")) == .plan(.delete(workspace: "wfix")))
        model.ask(.init(about: .delete(workspace: "wfix"), lines: ["plan"]), after: model.presses)
        model.resize(lines: 2)
        #expect(model.press(.character("y")) == nil)
        #expect(model.notice == "Nothing was done.")
    }

    @Test func `freezes what runs, thaws what is frozen, and says whose sessions it wants to know`() {
        var model = Self.model
        #expect(model.press(.character("f")) == .freeze(.workspace("wfix")))
        _ = model.press(.down)
        #expect(model.press(.character("f")) == .freeze(.session("stests", workspace: "wfix")))
        _ = model.press(.end)
        _ = model.press(.up)
        #expect(model.press(.character("f")) == .thaw(.workspace("wdocs")))
        #expect(model.unfoldedWorkspaces == ["wfix", "wdocs"])
        model.resize(lines: 4)
        #expect(model.unfoldedWorkspaces == [])
    }

    @Test func `attaches to sessions, and ends when asked to`() {
        var model = Self.model
        _ = model.press(.down)
        #expect(model.press(.character("a")) == .attach(session: "stests"))
        #expect(model.press(.enter) == .attach(session: "stests"))
        #expect(model.press(.character("q")) == .quit)
    }

    // MARK: The screen

    private static func drawing(
        _ model: TopModel, columns: Int = 80, rows: Int = 24, isColoured: Bool = false
    ) -> [String] {
        TopScreen(
            size: TerminalSize(columns: columns, rows: rows),
            style: TextStyle(environment: [:], isTerminal: isColoured), time: TimeText(now: start) { _ in 3600 }
        ).draw(model)
    }

    private static func plain(_ line: String) -> String {
        line.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
    }

    @Test func `fits 80 columns and 24 rows`() {
        let lines = Self.drawing(Self.model).map(Self.plain)
        #expect(
            lines.prefix(8).map { $0.replacing(#/ +$/#, with: "") } == [
                "corral top  23:13:22  2 workspaces  3 sessions  CPU 101.0%  memory 4G  tasks -",
                "wait  cpu [          ] -   memory [          ] -   io [          ] -",
                "NAME            STATE      CPU*    MEM  TASKS IDLE CPU/MEM/IO WAIT   PORTS",
                "- fix-login     active   101.0%     3G      -   1m -                 3000 5173",
                "    tests       active   100.0%     1G      -   1m -                 3000",
                "    shell       active     1.0%     2G      -   1m -                 -",
                "- docs          frozen     0.0%      -      -   1m -                 -",
                "    edit\u{fffd}[2J    active     0.0%      -      -   1m -                 -",
            ])
        #expect(lines.last?.contains("q quit") == true)
    }

    @Test(arguments: [(20, 3), (80, 24), (81, 25), (100, 30), (200, 60)])
    func `is as large as the terminal, whatever it shows`(columns: Int, rows: Int) {
        var model = Self.model
        for isColoured in [false, true] {
            for key in [TopKey.down, .character("?"), .escape] {
                _ = model.press(key)
                let lines = Self.drawing(model, columns: columns, rows: rows, isColoured: isColoured)
                #expect(lines.count == rows)
                #expect(lines.allSatisfy { Self.plain($0).count == columns })
            }
            model.ask(
                .init(about: .kill(session: "stests"), lines: Array(repeating: "a plan", count: 100)),
                after: model.presses)
            #expect(Self.drawing(model, columns: columns, rows: rows).count == rows)
            _ = model.press(.escape)
        }
    }

    // Of a workspace with thirty sessions nine were listed, and that there were more, and the question itself, were not.
    @Test func `counts what a question has no room for, and always asks`() {
        var model = Self.model
        let plan = (1...30).map { "session \($0) would be ended" } + ["", "Delete it?"]
        model.ask(.init(about: .delete(workspace: "wfix"), lines: plan), after: model.presses)
        let lines = Self.drawing(model).map { Self.plain($0).replacing(#/ +$/#, with: "") }
        #expect(lines.contains("session 17 would be ended") && !lines.contains("session 18 would be ended"))
        #expect(lines.contains { $0.hasPrefix("  … and 14 more lines") })
        #expect(lines.contains("Delete it?"))
        #expect(Self.drawing(model, rows: 8).map(Self.plain).contains { $0.hasPrefix("Delete it?") })
    }

    // A host of another machine that sent an absurd figure ended the program.
    @Test(arguments: [1e300, -1e300, .infinity]) func `shows any figure that a host may send`(value: Double) {
        var look = Self.look(second: 9, tests: 3_000_000, shell: 9_000_000, docs: 5_000_000)
        look.load.figures.cpuWait = value
        look.load.workspaces[0].figures.cpuWait = value
        var model = Self.model
        model.take(look)
        #expect(Self.drawing(model).count == 24)
    }

    @Test func `shows pressure as bars`() {
        var look = Self.look(second: 9, tests: 3_000_000, shell: 9_000_000, docs: 5_000_000)
        look.load.workspaces[0].figures.cpuWait = 42.4
        look.load.figures.cpuWait = 42.4
        var model = Self.model
        model.take(look)
        let lines = Self.drawing(model).map(Self.plain)
        #expect(lines[1].hasPrefix("wait  cpu [||||      ] 42.4%   memory"))
        #expect(lines[3].contains("[||   ] 42/-/-"))
    }

    @Test func `colours what is not as usual, and nothing where there are no colours`() {
        let coloured = Self.drawing(Self.model, isColoured: true)
        #expect(coloured[6].contains("\u{1b}[33m"))
        #expect(!Self.drawing(Self.model).joined().contains("\u{1b}[3"))
    }

    @Test func `scrolls so that the chosen line is to be seen`() {
        var model = Self.model
        model.resize(lines: 3)
        for name in ["wfix", "wdocs"] { _ = (name, model.press(.right), model.press(.end)) }
        _ = model.press(.right)
        _ = model.press(.end)
        let lines = Self.drawing(model, rows: 8).map(Self.plain)
        #expect(lines.dropFirst(3).contains { $0.hasPrefix("    edit") })
    }

    // MARK: Keys

    @Test func `reads keys as terminals send them`() {
        #expect(
            TopKey.read(Array("\u{1b}[A\u{1b}OB\u{1b}[1;5C\u{1b}[5~\u{1b}[6~\u{1b}[H\u{1b}[4~".utf8))
                == [.up, .down, .right, .pageUp, .pageDown, .home, .end])
        #expect(TopKey.read(Array("k\r\u{7f}ä".utf8)) == [.character("k"), .enter, .backspace, .character("ä")])
        #expect(TopKey.read([0x1b]) == [.escape])
        #expect(TopKey.read([3]) == [.character("q")])
    }

    @Test func `passes over what is no key`() {
        // A click is no Enter: it attached to whatever was chosen.
        #expect(TopKey.read(Array("\u{1b}[<0;1;1M\u{1b}OM".utf8)) == [.enter])
        #expect(TopKey.read(Array("\u{1b}[200~\u{1b}[?1;2c\u{1b}[".utf8)) == [])
        #expect(TopKey.read([0xff, 0x80, 0, 1, 0xe2, 0x82]) == [])
        #expect(TopKey.read([0xf0, UInt8(ascii: "q")]) == [])
        for length in 0..<4 {
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<500 {
                _ = TopKey.read((0..<length * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
            }
        }
    }

    /// Symptom: a workspace named in ideographs shifted all columns, and its ports fell off at 80 columns.
    @Test func `is in line whatever a name holds`() {
        var look = Self.look(second: 9, tests: 3_000_000, shell: 9_000_000, docs: 5_000_000)
        look.load.workspaces[0].name = "修正ログイン修正ログイン修正ログイン"
        look.load.workspaces[1].name = "\u{200b}\u{200b}"
        var model = Self.model
        model.take(look)
        let lines = Self.drawing(model).map(Self.plain)
        #expect(lines.allSatisfy { CellWidth.of($0) == 80 })
        #expect(lines[3].contains("~ active"))
    }
}
