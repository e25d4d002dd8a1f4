import Testing

@testable import TerminalScreen

@Suite struct `A repaint` {
    @Test(arguments: [
        "", "plain", "\u{1b}[1;31mred\u{1b}[44m\u{1b}[K",
        "\u{1b}[?2004h\u{1b}[?1h\u{1b}=\u{1b}[?1003h\u{1b}[?1006h\u{1b}[?1004h",
        "\u{1b}[2;4r\u{1b}[?6h\u{1b}[2;3H", "\u{1b}[?25l\u{1b}[5 q\u{1b}[?12h", "\u{1b}[4h\u{1b}[20h\u{1b}[?7l",
        "\u{1b}(0\u{1b})0\u{0e}qq", "\u{1b}[3g\u{1b}[5G\u{1b}H\r", "\u{1b}[3;7H\u{1b}[7m\u{1b}7\u{1b}[H\u{1b}[0m",
        "\u{1b}]2;title\u{07}\u{1b}]7;file:///tmp\u{07}", "\u{1b}[>1u\u{1b}[>5u\u{1b}[?1049h\u{1b}[>2u", "\u{1b}[>4;2m",
        "\u{1b}[?69h\u{1b}[3;9s\u{1b}[2;4r\u{1b}[2;2H", "日本語\u{1b}[1;20H日e\u{301}", "abcdefghijklmnopqrst",
        "\u{1b}[31mabcdefghijklmnopqr日\u{1b}[32m", "main\u{1b}[42m\u{1b}[3;3H\u{1b}[?1049halt\u{1b}[4;4H",
        "\u{1b}[2;4r\u{1b}[?6h\u{1b}[2;2H\u{1b}[?1049h\u{1b}[?6lx", "\u{1b}[?5h\u{1b}[?2031h\u{1b}[?2048h",
    ])
    func `gives a fresh screen everything`(output: String) {
        let screen = Screen(output)
        #expect(ScreenState(screen).differences(from: ScreenState(screen.repainted())) == [])
        let used = Screen(
            "\u{1b}[?1049h\u{1b}[41mold\u{1b}[?1;5;6;69;1004;2004h\u{1b}[?25;7l\u{1b}(0\u{1b}[3g\u{1b}[>7u\u{1b}[4h")
        used.feed(screen.repaint())
        #expect(ScreenState(screen).differences(from: ScreenState(used)) == [])
    }

    @Test func `prints the history so that it scrolls off`() {
        let screen = Screen((1...20).map { "line \($0)\r\n" }.joined(), columns: 20, rows: 3)
        #expect(screen.repainted().text(historyLines: .max) == screen.text(historyLines: .max))
        #expect(screen.repainted(historyLines: 2).text(historyLines: .max) == screen.text(historyLines: 2))
        #expect(screen.repainted(historyLines: 0).historyCount == 0)
        screen.feed("\u{1b}[?1049halternate")
        let copy = screen.repainted()
        #expect(copy.text() == screen.text())
        copy.feed("\u{1b}[?1049l")
        screen.feed("\u{1b}[?1049l")
        #expect(copy.text(historyLines: .max) == screen.text(historyLines: .max))
        #expect(copy.cursor == screen.cursor)
    }

    @Test func `keeps the scrollback of the user's terminal`() {
        let repaint = String(decoding: Screen("x").repaint(), as: UTF8.self)
        #expect(!repaint.contains("\u{1b}c"))
        #expect(!repaint.contains("\u{1b}[3J"))
        let used = Screen("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7")
        used.feed(Array(repaint.utf8))
        #expect(used.historyCount == 2)
    }

    @Test func `ends what the terminal was in the middle of`() {
        for unfinished in ["\u{1b}", "\u{1b}[1;", "\u{1b}]2;title", "\u{1b}Pabc", "\u{1b}]2;t\u{1b}"] {
            let terminal = Screen("old\(unfinished)")
            terminal.feed(Screen("new").repaint())
            #expect(terminal.text()[0] == "new", "\(unfinished.debugDescription)")
            #expect(terminal.title == nil)
        }
    }

    @Test func `leaves out a synchronized update and asks nothing`() {
        let screen = Screen("\u{1b}[?2026h\u{1b}[c\u{1b}[6n\u{1b}[?u\u{1b}[>q\u{1b}P$qm\u{1b}\\\u{1b}]11;?\u{07}x")
        #expect(screen.text()[0] == "x")
        let repaint = String(decoding: screen.repaint(), as: UTF8.self)
        #expect(!repaint.contains("2026h"))
        #expect(!repaint.contains("?u"))
        #expect(!repaint.contains("[c"))
    }

    @Test func `says again where it is after a character whose width terminals dispute`() {
        let repaint = String(decoding: Screen("🙂x").repaint(), as: UTF8.self)
        #expect(repaint.contains("🙂\u{1b}[3Gx"))
    }
}
