/// Output as a mad program would write it: text, wide characters, marks, and control sequences with any parameters.
struct RandomOutput {
    var generator: Generator
    let columns: Int
    let rows: Int

    private static let texts = [
        "a", "word ", "longer text that wraps at the edge of a small screen, surely", "日本", "é", "e\u{301}", "\u{301}",
        "🙂", "│─┼", "\u{7f}", "\u{0}", "한글", "x", " ", "    ", "~", "\u{200b}", "👩\u{200d}💻", "lqqk", "ไทย\u{e49}",
    ]
    private static let controls = ["\r\n", "\n", "\r", "\t", "\u{08}", "\u{07}", "\u{0e}", "\u{0f}", "\u{18}"]
    private static let escapes = ["7", "8", "D", "E", "M", "H", "=", ">", "(0", "(B", ")0", ")B", "n", "o", "#8", "\\"]
    private static let finals = Array("@ABCDEFGHIJKLMPSTXZ`abdefgjkrsu")
    private static let privateModes = [
        1, 5, 6, 7, 9, 12, 25, 47, 66, 69, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1048, 1049, 2004, 2026,
        2031, 2048, 9999,
    ]

    /// Some pieces of output.
    mutating func pieces(_ count: Int) -> String {
        (0..<count).map { _ in piece() }.joined()
    }

    private mutating func piece() -> String {
        switch Int.random(in: 0..<24, using: &generator) {
        case 0..<9: Self.texts.randomElement(using: &generator)!
        case 9..<12: Self.controls.randomElement(using: &generator)!
        case 12: "\u{1b}" + Self.escapes.randomElement(using: &generator)!
        case 13..<16: "\u{1b}[\(number());\(number())H"
        case 16..<18:
            "\u{1b}[" + (Bool.random(using: &generator) ? "" : "\(number());\(number())")
                + String(Self.finals.randomElement(using: &generator)!)
        case 18..<20: rendition()
        case 20:
            "\u{1b}[?\(Self.privateModes.randomElement(using: &generator)!)\(Bool.random(using: &generator) ? "h" : "l")"
        case 21: "\u{1b}[\([4, 20].randomElement(using: &generator)!)\(Bool.random(using: &generator) ? "h" : "l")"
        case 22:
            [
                "\u{1b}[>\(number())u", "\u{1b}[<u", "\u{1b}[=\(number());\(number())u", "\u{1b}[\(number()) q",
                "\u{1b}[!p", "\u{1b}[>4;\(number())m", "\u{1b}[?5W", "\u{1b}[3J",
            ].randomElement(using: &generator)!
        default:
            ["\u{1b}]2;title \(number())\u{07}", "\u{1b}]7;file://host/tmp/\(number())\u{1b}\\", "\u{1b}P$qm\u{1b}\\"]
                .randomElement(using: &generator)!
        }
    }

    private mutating func number() -> Int {
        Int.random(in: 0..<20, using: &generator) == 0
            ? Int.random(in: 0..<100_000, using: &generator)
            : Int.random(in: 0...max(columns, rows) + 1, using: &generator)
    }

    private mutating func rendition() -> String {
        [
            "\u{1b}[m", "\u{1b}[\([1, 2, 3, 4, 5, 7, 8, 9, 21, 22, 24, 27, 39, 49].randomElement(using: &generator)!)m",
            "\u{1b}[3\(Int.random(in: 0...7, using: &generator));4\(Int.random(in: 0...7, using: &generator))m",
            "\u{1b}[9\(Int.random(in: 0...7, using: &generator))m", "\u{1b}[38;5;\(number() & 255)m",
            "\u{1b}[48;2;\(number() & 255);1;2m", "\u{1b}[38:2::1:2:3m", "\u{1b}[4:3m",
        ].randomElement(using: &generator)!
    }
}
