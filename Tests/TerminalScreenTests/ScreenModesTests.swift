import TerminalScreen
import Testing

@Suite struct `A screen's modes` {
    private static let switches: [(Int, any KeyPath<ScreenModes, Bool> & Sendable)] = [
        (1, \.isApplicationCursorKeys), (5, \.isReverseVideo), (6, \.isOrigin), (12, \.isCursorBlinking),
        (66, \.isApplicationKeypad), (69, \.hasSideMargins), (1004, \.reportsFocus), (2004, \.isBracketedPaste),
        (2026, \.isSynchronizedOutput), (2031, \.reportsColorScheme), (2048, \.reportsSize),
    ]

    @Test(arguments: switches.map(\.0)) func `are switched on and off by number`(number: Int) throws {
        let path = try #require(Self.switches.first { $0.0 == number }).1
        let screen = Screen("\u{1b}[?\(number)h")
        #expect(screen.modes[keyPath: path])
        screen.feed("\u{1b}[?\(number)l")
        #expect(screen.modes == ScreenModes())
        #expect(Screen("\u{1b}[?\(number)h\u{1b}c").modes == ScreenModes())
    }

    @Test func `are switched several at once`() {
        let modes = Screen("\u{1b}[?1;2004;25;7l\u{1b}[?1;2004h\u{1b}[4;20h").modes
        #expect(modes.isApplicationCursorKeys && modes.isBracketedPaste && modes.isInsert && modes.isNewline)
        #expect(!modes.isCursorVisible && !modes.isAutowrap)
    }

    @Test func `have one kind of mouse tracking and one encoding`() {
        let screen = Screen("\u{1b}[?1000h\u{1b}[?1003h\u{1b}[?1005h\u{1b}[?1006h\u{1b}[?1005l")
        #expect(screen.modes.mouseTracking == .motion)
        #expect(screen.modes.mouseEncoding == .sgr)
        screen.feed("\u{1b}[?1000l\u{1b}[?1006l")
        #expect(screen.modes.mouseTracking == .none)
        #expect(screen.modes.mouseEncoding == .bytes)
    }

    @Test func `know the keypad, the keys and the cursor`() {
        let screen = Screen("\u{1b}=\u{1b}[>4;2m\u{1b}[5 q")
        #expect(screen.modes.isApplicationKeypad)
        #expect(screen.modes.modifyOtherKeys == 2)
        #expect(screen.cursor.shape == .bar)
        #expect(screen.cursor.isBlinking)
        screen.feed("\u{1b}>\u{1b}[>4m\u{1b}[2 q")
        #expect(!screen.modes.isApplicationKeypad)
        #expect(screen.modes.modifyOtherKeys == 0)
        #expect(screen.cursor.shape == .block)
        #expect(!screen.cursor.isBlinking)
    }

    @Test func `keep the kitty flags of each screen, as deep as the protocol asks`() {
        let screen = Screen("\u{1b}[>1u\u{1b}[>3u\u{1b}[=4;2u")
        #expect(screen.kittyKeyboardFlags == 7)
        screen.feed("\u{1b}[?1049h")
        #expect(screen.kittyKeyboardFlags == 0)
        screen.feed("\u{1b}[>15u\u{1b}[=1;3u")
        #expect(screen.kittyKeyboardFlags == 14)
        screen.feed("\u{1b}[?1049l\u{1b}[<u")
        #expect(screen.kittyKeyboardFlags == 1)
        screen.feed("\u{1b}[<99u")
        #expect(screen.kittyKeyboardFlags == 0)
        screen.feed(String(repeating: "\u{1b}[>5u", count: 10_000))
        #expect(screen.kittyKeyboardFlags == 5)
    }

    @Test func `are reset by DECSTR as in xterm, and the content stays`() {
        let screen = Screen("ab\u{1b}[?1;2004h\u{1b}[?25;7l\u{1b}[4h\u{1b}[2;3r\u{1b}[?6h\u{1b}[1m\u{1b}[3;3H\u{1b}[!p")
        #expect(screen.modes.isBracketedPaste)
        screen.feed("\u{1b}[?2004l")
        #expect(screen.modes == ScreenModes())
        #expect(screen.scrollRegion == 0..<5)
        #expect(screen.text()[0] == "ab")
        screen.feed("\u{1b}[Hx")
        #expect(!screen.cells()[0][0].style.isBold)
    }

    @Test func `count rows from the margin in origin mode`() {
        let screen = Screen("\u{1b}[2;4r\u{1b}[?6h\u{1b}[1;1Hx\u{1b}[99;1Hy")
        #expect(screen.text() == ["", "x", "", "y", ""])
    }
}
