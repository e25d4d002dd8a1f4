import Testing

@testable import corral

@Suite struct `The width of a text in a terminal` {
    @Test(
        arguments: [
            ("plain", 5), ("", 0), ("日本語", 6), ("é", 1), ("e\u{301}", 1), ("\u{200d}", 0), ("👍", 2), ("👨‍👩‍👧", 2),
            ("🇩🇪", 2), ("한", 2), ("ｘ", 2),
        ]) func `is counted in cells`(text: String, width: Int)
    {
        #expect(CellWidth.of(text) == width)
    }

    @Test func `never goes beyond what there is`() {
        #expect(CellWidth.prefix("日本語", 5) == "日本")
        #expect(CellWidth.prefix("a日", 2) == "a")
        #expect(CellWidth.prefix("abc", 9) == "abc")
        #expect(CellWidth.prefix("abc", 0) == "")
    }
}
