import Testing

@testable import HostService

@Suite struct `Input for a terminal` {
    private func writes(
        _ text: String, isPaste: Bool = true, withEnter: Bool = false, marksPaste: Bool = true
    ) -> [String] {
        TerminalInput(bytes: Array(text.utf8), isPaste: isPaste, withEnter: withEnter)
            .writes(marksPaste: marksPaste).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `is marked as a paste where it is one and the application asked for it`() {
        #expect(writes("a\nb") == ["\u{1b}[200~a\nb\u{1b}[201~"])
        #expect(writes("a\nb", isPaste: false) == ["a\nb"])
        #expect(writes("a\nb", marksPaste: false) == ["a\nb"])
    }

    @Test func `has Enter as a write of its own, outside of the paste`() {
        #expect(writes("a", withEnter: true) == ["\u{1b}[200~a\u{1b}[201~", "\r"])
        #expect(writes("", withEnter: true) == ["\r"])
        #expect(writes("") == [])
    }

    @Test(arguments: [
        ("a\u{1b}[201~rm -rf x\r", "arm -rf x\r"), ("\u{1b}[20\u{1b}[201~1~x", "x"),
        ("\u{1b}[201~\u{1b}[201~", ""), ("\u{1b}[20\u{1b}[20\u{1b}[201~1~1~x", "x"), ("\u{1b}[200~x", "\u{1b}[200~x"),
    ])
    func `cannot end its paste by itself`(text: String, kept: String) {
        #expect(writes(text) == ["\u{1b}[200~\(kept)\u{1b}[201~"])
        #expect(writes(text, marksPaste: false) == [text], "without a paste it is bytes like others")
    }
}
