import TerminalScreen
import TestSupport
import Testing

@Suite(
    .enabled(
        if: InstalledProgram.isThere("tmux") && InstalledProgram.isThere("python3"),
        "tmux and python3 are not both installed"),
    .serialized, .timeLimit(.minutes(5)))
struct `A screen beside tmux` {
    @Test(arguments: Scene.all.filter { InstalledProgram.isThere($0.program) })
    func `shows what tmux shows, and so does its repaint`(scene: Scene) throws {
        let bytes = try scene.record(in: TemporaryDirectory())
        let screen = Screen(columns: Scene.columns, rows: Scene.rows)
        screen.feed(bytes)
        let expected = try ReferenceTerminal.capture(bytes, columns: Scene.columns, rows: Scene.rows)
        #expect(Self.capture(screen).differences(from: expected) == [])
        let repaint = screen.repaint(historyLines: 100)
        let repainted = try ReferenceTerminal.capture(repaint, columns: Scene.columns, rows: Scene.rows)
        #expect(repainted.differences(from: expected) == [], "by the repaint")
        #expect(ScreenState(screen).differences(from: ScreenState(screen.repainted())) == [])
    }

    @Test func `shows what tmux shows after any cut`() throws {
        let scene = try #require(Scene.all.first { $0.program == "less" && InstalledProgram.isThere("less") })
        let bytes = try scene.record(in: TemporaryDirectory())
        for count in stride(from: 1, to: bytes.count, by: max(1, bytes.count / 5)) {
            let screen = Screen(columns: Scene.columns, rows: Scene.rows)
            screen.feed(Array(bytes.prefix(count)))
            let expected = try ReferenceTerminal.capture(
                Array(bytes.prefix(count)), columns: Scene.columns, rows: Scene.rows)
            #expect(Self.capture(screen).differences(from: expected) == [], "after \(count) bytes")
        }
    }

    // One that is not filled keeps its lines in view, where tmux moves some of them into its history.
    @Test func `that is filled wraps anew as tmux does when its width changes`() throws {
        let lines = (1...30).map { "line \($0) " + String(repeating: "\($0 % 10)", count: $0 * 3) }
        let output = Array((lines.joined(separator: "\r\n") + "\r\n日本語 $ ").utf8)
        let screen = Screen(columns: 80, rows: 24)
        screen.feed(output)
        let native = try ReferenceTerminal.having(read: output, columns: 80, rows: 24)
        for (columns, rows) in [(50, 24), (33, 24), (120, 24), (80, 24), (60, 16), (100, 30), (7, 24), (80, 24)] {
            screen.resize(columns: columns, rows: rows)
            try native.resize(columns: columns, rows: rows)
            #expect(Self.capture(screen).differences(from: try native.capture()) == [], "\(columns)×\(rows)")
        }
    }

    private static func capture(_ screen: Screen) -> ReferenceTerminal.Capture {
        ReferenceTerminal.Capture(
            lines: ReferenceTerminal.lines(screen.text(), rows: screen.rows), row: screen.cursor.row,
            column: screen.cursor.column, isAlternateScreen: screen.isAlternateScreen)
    }
}
