import Testing

@testable import TerminalScreen

@Suite struct `A screen that stands in for a terminal` {
    private static func answers(_ output: String) -> String {
        let screen = Screen(columns: 20, rows: 5)
        screen.answersQueries = true
        screen.feed(output)
        return String(decoding: screen.takeAnswers(), as: UTF8.self)
    }

    @Test(arguments: [
        ("\u{1b}[c", "\u{1b}[?1;2c"), ("\u{1b}[0c", "\u{1b}[?1;2c"), ("\u{1b}[>c", "\u{1b}[>0;100;0c"),
        ("\u{1b}[5n", "\u{1b}[0n"), ("ab\r\nc\u{1b}[6n", "\u{1b}[2;2R"), ("\u{1b}[?6n", "\u{1b}[?1;1R"),
        ("\u{1b}[2;4r\u{1b}[?6h\u{1b}[2;3H\u{1b}[6n", "\u{1b}[2;3R"), ("abcdefghijklmnopqrst\u{1b}[6n", "\u{1b}[1;20R"),
        ("\u{1b}[?2004h\u{1b}[?2004$p\u{1b}[?2026$p\u{1b}[?2027$p", "\u{1b}[?2004;1$y\u{1b}[?2026;2$y\u{1b}[?2027;0$y"),
        ("\u{1b}[?1003h\u{1b}[?1003$p\u{1b}[?1000$p", "\u{1b}[?1003;1$y\u{1b}[?1000;2$y"),
        ("\u{1b}[4h\u{1b}[4$p\u{1b}[20$p\u{1b}[3$p", "\u{1b}[4;1$y\u{1b}[20;2$y\u{1b}[3;0$y"),
        ("\u{1b}[>q", "\u{1b}P>|corral\u{1b}\\"), ("\u{1b}[18t", "\u{1b}[8;5;20t"),
        // Not known: a program that asks so goes by the answer to the next.
        ("\u{1b}[?u\u{1b}]11;?\u{07}\u{1b}P+q544e\u{1b}\\\u{1b}[14t\u{1b}[22;0t", ""),
    ])
    func `answers what it knows`(output: String, answer: String) {
        #expect(Self.answers(output) == answer)
        #expect(answer.isEmpty || Screen.mayAsk(Array(output.utf8)))
    }

    @Test func `does not answer answers, which a terminal that echoes shows again`() {
        let all = "\u{1b}[c\u{1b}[>c\u{1b}[5n\u{1b}[6n\u{1b}[?6n\u{1b}[?2004$p\u{1b}[4$p\u{1b}[>q\u{1b}[18t"
        let answers = Self.answers(all)
        #expect(!answers.isEmpty)
        #expect(Self.answers(answers) == "")
    }

    @Test func `answers nothing unless it is to, and no more than it keeps`() {
        let screen = Screen("\u{1b}[c")
        #expect(screen.takeAnswers() == [])
        screen.answersQueries = true
        for _ in 0..<10_000 { screen.feed("\u{1b}[c") }
        #expect(screen.takeAnswers().count <= Screen.answersKept + 7)
        screen.feed("\u{1b}[5n")
        #expect(screen.takeAnswers() == Array("\u{1b}[0n".utf8))
    }

    @Test func `says quickly that colours, moves and text ask nothing`() {
        #expect(
            !Screen.mayAsk(Array("text\u{1b}[1;31mred\u{1b}[0m\u{1b}[2J\u{1b}[H\u{1b}]0;cnpqt\u{07}\u{1b}7\u{1b}".utf8))
        )
        #expect(!Screen.mayAsk(Array("\u{1b}[".utf8)))
        #expect(!Screen.mayAsk([]))
    }
}
