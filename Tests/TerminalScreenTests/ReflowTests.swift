import Testing

@testable import TerminalScreen

@Suite struct `Lines in another width` {
    /// Every character that is shown or was, in order, without what only fills lines.
    private static func text(of screen: Screen) -> String {
        screen.text(historyLines: .max).joined().filter { $0 != " " }
    }

    @Test(arguments: 0..<60)
    func `lose no character and change none, and are as they were when the width is`(seed: Int) {
        var generator = Generator(state: UInt64(seed))
        let columns = Int.random(in: 2...30, using: &generator)
        let rows = Int.random(in: 1...10, using: &generator)
        let screen = Screen(columns: columns, rows: rows)
        let words = [
            "a", "word", "日本", "e\u{301}", "🫠", "\u{1b}[31mred\u{1b}[0m", "longer-than-most-of-the-lines", "x  y",
        ]
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
            let count = Int.random(in: 0...6, using: &generator)
            screen.feed((0..<count).map { _ in words.randomElement(using: &generator) ?? "" }.joined())
            if Bool.random(using: &generator) { screen.feed("\r\n") }
        }
        let (before, cells, history) = (screen.text(historyLines: .max), screen.cells(), screen.historyCount)
        let cursor = screen.cursor
        for _ in 0..<4 {
            screen.resize(columns: Int.random(in: 2...40, using: &generator), rows: rows)
            #expect(Self.text(of: screen) == before.joined().filter { $0 != " " }, "seed \(seed)")
            let copy = screen.repainted()
            #expect(ScreenState(screen).differences(from: ScreenState(copy)) == [], "seed \(seed)")
        }
        screen.resize(columns: columns, rows: rows)
        let trimmed = { (lines: [String]) in lines.reversed().drop { $0.isEmpty }.reversed() + [] }
        #expect(trimmed(screen.text(historyLines: .max)) == trimmed(before), "seed \(seed)")
        // The rows are the same unless some of the history stays in view.
        if screen.historyCount == history {
            #expect(screen.cells() == cells, "seed \(seed)")
            if !cursor.isWrapPending {
                #expect((screen.cursor.row, screen.cursor.column) == (cursor.row, cursor.column), "seed \(seed)")
            }
        }
    }
}
