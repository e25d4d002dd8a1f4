import Testing

@testable import corral

@Suite struct `The terminal's modes` {
    /// What is always written, around what gives the modes back: CAN and ST; no link, ASCII, no colours.
    private static let always = (before: "\u{18}\u{1b}\\", after: "\u{1b}]8;;\u{1b}\\\u{0f}\u{1b}(B\u{1b}[0m")

    private func reset(after reads: [String]) -> String {
        var modes = TerminalModes()
        for text in reads { _ = Array(text.utf8).withUnsafeBytes { modes.read($0) } }
        let reset = String(decoding: modes.reset, as: UTF8.self)
        let (before, after) = Self.always
        guard reset.hasPrefix(before), reset.hasSuffix(after) else { return "no reset: \(reset)" }
        return String(reset.unicodeScalars.dropFirst(before.unicodeScalars.count).dropLast(after.unicodeScalars.count))
    }

    // Symptom: after a detach from coloured output the shell's prompt was coloured or in line drawing, or was swallowed by an image that was
    // half drawn. Cause: only modes were given back.
    @Test func `are given back with colours, character set and what is unfinished`() {
        var modes = TerminalModes()
        #expect(modes.reset.isEmpty, "nothing was shown")
        #expect(Array("x".utf8).withUnsafeBytes { modes.read($0) })
        #expect(String(decoding: modes.reset, as: UTF8.self) == Self.always.before + Self.always.after)
        #expect(!Array("\u{1b}(0\u{1b}[7mX\u{1b}Pq#0".utf8).withUnsafeBytes { modes.read($0) })
        #expect(String(decoding: modes.reset, as: UTF8.self) == Self.always.before + Self.always.after)
    }

    @Test func `need no reset when nothing was switched`() {
        #expect(reset(after: ["plain \u{1b}[31mred\u{1b}[0m \u{1b}[2J"]) == "")
    }

    @Test func `are switched back, the last first`() {
        #expect(
            reset(after: ["\u{1b}[?1049h\u{1b}[?25l\u{1b}[?1000;1006h"])
                == "\u{1b}[?1006l\u{1b}[?1000l\u{1b}[?25h\u{1b}[?1049l"
        )
    }

    @Test func `are left alone when the program has switched them back`() {
        #expect(reset(after: ["\u{1b}[?1049h\u{1b}[?25l", "\u{1b}[?25h\u{1b}[?1049l"]) == "")
        #expect(reset(after: ["\u{1b}[?2004h", "\u{1b}c"]) == "")
    }

    @Test func `are seen however the output is cut`() {
        let text = "\u{1b}[?1049h"
        for split in 0...text.count {
            let index = text.index(text.startIndex, offsetBy: split)
            #expect(reset(after: [String(text[..<index]), String(text[index...])]) == "\u{1b}[?1049l")
        }
    }

    @Test func `that do a shell no harm are not looked at`() {
        #expect(reset(after: ["\u{1b}[?1034h\u{1b}[?9999999999999999999h\u{1b}[?;h"]) == "")
    }

    /// Symptom: after a detach the shell's Ctrl-C came as `[99;5u`, or its output scrolled in a part of the window only. Cause: of what a
    /// program or the picture of the screen switches on, only private modes were followed.
    @Test(arguments: [
        ("\u{1b}[>1u", "\u{1b}[<8u"), ("\u{1b}[=5;1u", "\u{1b}[<8u"), ("\u{1b}[>4;2m", "\u{1b}[>4m"),
        ("\u{1b}[2;10r", "\u{1b}7\u{1b}[r\u{1b}8"), ("\u{1b}=", "\u{1b}>"), ("\u{1b}[4h", "\u{1b}[4l"),
        ("\u{1b}[4;20h", "\u{1b}[4l\u{1b}[20l"), ("\u{1b}[5 q", "\u{1b}[0 q"), ("\u{1b}[?2048h", "\u{1b}[?2048l"),
        ("\u{1b}[?69h", "\u{1b}[?69l"),
    ])
    func `of the keyboard, the margins and the cursor are switched back too`(_ on: String, _ off: String) {
        for split in 0...on.utf8.count {
            let parts = [on.utf8.prefix(split), on.utf8.dropFirst(split)].map { String(decoding: $0, as: UTF8.self) }
            #expect(reset(after: parts) == off)
        }
        #expect(reset(after: [on, off, "\u{1b}[4;20l"]) == "", "the program has switched it back")
        #expect(reset(after: [on + "\u{1b}c"]) == "")
    }

    @Test func `that belong to one screen are switched back there`() {
        #expect(
            reset(after: ["\u{1b}[>1u\u{1b}[?1049h\u{1b}[=3u\u{1b}[2;9r"])
                == "\u{1b}[<8u\u{1b}[?1049l\u{1b}[<8u\u{1b}7\u{1b}[r\u{1b}8"
        )
        #expect(reset(after: ["\u{1b}[?1049h\u{1b}[>1u\u{1b}[>3u\u{1b}[?1049l"]) == "")
        #expect(reset(after: ["\u{1b}[>1u\u{1b}[>3u\u{1b}[<u"]) == "\u{1b}[<8u")
    }

    @Test func `fit into what a signal's handler can write`() {
        var modes = TerminalModes()
        for mode in 0...3000 {
            _ = Array("\u{1b}[?\(mode)h\u{1b}[?\(mode == 25 || mode == 7 ? mode : 0)l".utf8).withUnsafeBytes {
                modes.read($0)
            }
        }
        let others = "\u{1b}[>1u\u{1b}[?1049h\u{1b}[>1u\u{1b}[>4;2m\u{1b}[2;10r\u{1b}=\u{1b}[4;20h\u{1b}[5 q"
        _ = Array(others.utf8).withUnsafeBytes { modes.read($0) }
        #expect(modes.reset.count <= TerminalRestoration.resetCapacity)
    }
}
