import TerminalText
import Testing

@Suite struct `Plain text` {
    private func lines(_ text: String) -> [String] { PlainText.lines(Array(text.utf8)) }

    @Test func `is what is left without escape sequences`() {
        #expect(lines("\u{1b}[1;32mok\u{1b}[0m \u{1b}(Bfine\u{1b}=\r\n$ ") == ["ok fine", "$"])
    }

    @Test(arguments: ["\u{1b}]0;title\u{7}", "\u{1b}]8;;http://x\u{1b}\\", "\u{1b}P1$r\u{1b}\\", "\u{1b}_x\u{1b}\\"])
    func `has no titles, links or device strings`(_ sequence: String) {
        #expect(lines("a\(sequence)b") == ["ab"])
    }

    @Test func `shows a progress bar in its last state`() {
        #expect(lines(" 10%\r 50%\r100%\r\ndone\r\n") == ["100%", "done"])
        #expect(lines("abc\u{8}\u{8}X\r\n") == ["aXc"])
    }

    @Test func `is without what was erased`() {
        #expect(lines("Downloading\r\u{1b}[KDone\r\n") == ["Done"])
        #expect(lines("abcdef\u{8}\u{8}\u{1b}[0K!\r\n") == ["abcd!"])
        #expect(lines("abcdef\u{1b}[2K\rxy\r\n") == ["xy"])
        #expect(lines("abcdef\r\u{1b}[1Kx\r\n") == ["xbcdef"])
        #expect(lines("abc\r\u{1b}[?1Kx\u{1b}[12K\r\n") == ["xbc"], "these erase nothing")
    }

    @Test func `keeps empty lines between others and drops those at the end`() {
        #expect(lines("a\r\n\r\nb\r\n\r\n\r\n") == ["a", "", "b"])
        #expect(lines("") == [])
    }

    @Test func `keeps letters of every script, and replaces what is none`() {
        #expect(lines("grün 日本\n") == ["grün 日本"])
        #expect(PlainText.lines([0x61, 0xff, 0x62]) == ["a\u{fffd}b"])
        // Cut short, overlong, a surrogate, beyond Unicode, cut short at the end: as the standard library reads them.
        for bytes in [
            [0xe6, 0x97, 0x41], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0xf0, 0x9f],
        ]
            as [[UInt8]]
        { #expect(PlainText.lines(bytes) == [String(decoding: bytes, as: UTF8.self)]) }
    }

    @Test func `survives a sequence that is broken off`() {
        #expect(lines("a\u{1b}[1;3\u{1b}[0mb") == ["ab"])
        #expect(lines("a\u{1b}]0;never ends") == ["a"])
        #expect(lines("a\u{1b}]0;t\u{1b}[31mb") == ["ab"])
    }
}
