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

    // Symptom: after a detach and an attach a copied URL had line breaks in it. Cause: each row was put into its place, which ends the
    // line before it for the terminal.
    @Test(arguments: [
        ("0123456789abcdefghijklmno", "0123456789abcdefghijklmno"), ("0123456789abcdefghi日本", "0123456789abcdefghi日本"),
        ("\u{1b}[31m0123456789abcdefghijk", "0123456789abcdefghijk"),
        ("a                        b", "a                        b"),
        // Not one line: they end where the row does, or nothing is left of one.
        ("0123456789abcdefghij\r\nk", "ghij\u{1b}[2;1Hk"),
        ("0123456789abcdefghijk\u{1b}[1;20Hx\u{1b}[4;1H", "ghix\u{1b}[2;1Hk"),
        ("0123456789abcdefghijklm\u{1b}[2Kn", "ghij\u{1b}[2;4Hn"),
        ("0123456789abcdefghijk\u{1b}[1;5H\u{1b}[Kx", "0123x\u{1b}[2;1Hk"),
        ("0123456789abcdefghijk\u{1b}[2;1H\u{1b}[L", "ghij\u{1b}[3;1Hk"),
        ("\u{1b}[?7l0123456789abcdefghijk\r\nl", "ghik\u{1b}[2;1Hl"),
        // No text, and a row below those that scroll.
        ("a\u{1b}#8", "EEE\u{1b}[2;1HEEE"), ("abc\u{1b}[1;3r\u{1b}[5;15H0123456789", "\u{1b}[5;1H6789"),
        // Of a width that terminals dispute.
        ("0123456789abcdefghij🙂", "ghij\u{1b}[2;1H🙂"),
        ("🙂23456789abcdefghijklmno", "🙂\u{1b}[3G23456789abcdefghij\u{1b}[2;1Hklmno"),
    ])
    func `lets the terminal wrap what has wrapped, and nothing else`(output: String, drawn: String) {
        let screen = Screen(output)
        let repaint = String(decoding: screen.repaint(), as: UTF8.self)
        #expect(repaint.contains(drawn), "\(repaint.debugDescription)")
        #expect(ScreenState(screen).differences(from: ScreenState(screen.repainted())) == [])
    }

    @Test func `lets what has wrapped in the history wrap again`() {
        let long = (0..<50).map { String($0 % 10) }.joined()
        let screen = Screen("first\r\n\(long)\r\n\(long)x\r\nlast\r\n", columns: 20, rows: 3)
        let repaint = String(decoding: screen.repaint(historyLines: .max), as: UTF8.self)
        #expect(repaint.contains("first\r\n\(long)\r\n\(long)x\r\nlast"))
        // A line that has been drawn once is drawn again as it was.
        #expect(screen.repainted().repaint(historyLines: .max) == screen.repaint(historyLines: .max))
        // In another width they still do.
        screen.resize(columns: 25, rows: 3)
        let wider = String(decoding: screen.repaint(historyLines: .max), as: UTF8.self)
        #expect(wider.contains("first\r\n\(long)\r\n\(long)x\r\nlast"))
        // What scrolls in by a wrap would have the colour of what brings it.
        let colored = Screen("\u{1b}[44m\(long)\u{1b}[0m\r\n1\r\n2\r\n3", columns: 20, rows: 3)
        #expect(String(decoding: colored.repaint(historyLines: .max), as: UTF8.self).contains("\u{1b}[0m\r\n"))
        #expect(ScreenState(colored).differences(from: ScreenState(colored.repainted())) == [])
    }

    @Test func `puts each row into its place for a terminal of another width`() {
        let screen = Screen("0123456789abcdefghijklmno")
        let repaint = String(decoding: screen.repaint(wraps: false), as: UTF8.self)
        #expect(repaint.contains("ghij\u{1b}[2;1H\u{1b}[Kklmno"))
    }

    @Test func `joins nothing to a line whose end is gone`() {
        let cut = Screen("abcdefgh\u{1b}[1;1H", columns: 5, rows: 3)
        cut.resize(columns: 5, rows: 1)
        cut.resize(columns: 5, rows: 3)
        cut.feed("\u{1b}[2;1Hxyz")
        #expect(String(decoding: cut.repaint(), as: UTF8.self).contains("abcde\u{1b}[2;1Hxyz"))
        for end in ["\u{1b}[2J", "\u{1b}[H\u{1b}M", "\u{1b}[H\u{1b}[L", "\u{1b}[H\u{1b}[M", "\u{1b}[2S"] {
            let screen = Screen("abcdefgh\r\n1", columns: 5, rows: 2)
            #expect(screen.canvas.history[0].isWrapped(at: 5))
            screen.feed(end)
            let last = screen.canvas.history[screen.historyCount - 1]
            #expect(!last.isWrapped(at: 5), "\(end.debugDescription)")
        }
    }
}
