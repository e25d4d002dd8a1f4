import Testing

@testable import TerminalText

@Suite struct `A pattern` {
    private func isFound(_ pattern: String, in line: String) throws -> Bool {
        let matcher = LineMatcher(try LinePattern(pattern))
        let line = PlainText.Line(scalars: Array(line.unicodeScalars), unchanged: 0, isCut: false)
        let answer: Bool? = matcher.look(at: line) { true }
        return answer ?? false
    }

    @Test(
        arguments: [
            ("DONE", "all DONE", "all done"), ("^DONE$", "DONE", "DONE "), ("^$", "", " "), ("a|b|", "", nil),
            ("error|warning", "a warning", "a note"), ("x(a|bc)+y", "xabcay", "xby"),
            ("ab*c", "ac", "abd"), ("ab+c", "abbc", "ac"), ("ab?c", "abc", "abbc"), ("ab*?c", "abbc", "abb"),
            ("a{2}b", "caab", "cab"), ("^a{2,}$", "aaaa", "a"), ("^a{,2}$", "aa", "aaa"), ("^a{2,3}$", "aaa", "aaaa"),
            ("^a{0}$", "", "a"), ("a{x}", "a{x}", "aa"), ("a{", "a{", "a"), ("{2}", "{2}", "2"),
            ("^(ab){2}$", "abab", "ab"), ("^(?:ab|c)*d", "abcabd", "abad"), ("^(a*)*$", "aaa", "aab"),
            ("^()*$", "", "a"),
            (".", "日", ""), ("^...$", "a日b", "ab"), (#"\."#, ".", "a"), (#"\$ $"#, "ada$ ", "ada$"),
            ("[abc]", "xb", "xd"), ("[^abc]", "d", "abc"), ("[a-c]", "b", "-"), ("[a-]", "-", "b"), ("[-a]", "-", "b"),
            ("[]]", "]", "["), ("[^]]", "[", "]"), (#"[\]]"#, "]", "["), (#"[\d-]"#, "-", "a"),
            (#"[\w.]+@"#, "a.b@", "@"),
            ("[[:digit:][:space:]]", "a b", "ab"), ("[[:upper:]]", "aB", "ab"), ("[ä-ü]", "ö", "o"),
            (#"\d+"#, "42", "x"), (#"\D"#, "4x", "42"), (#"\w"#, "é", "-"), (#"\W"#, "a b", "a_1"),
            (#"\s"#, "a\tb", "ab"),
            (#"\S"#, " a", " \t"), (#"\bok\b"#, "is ok.", "token"), (#"o\B"#, "ok", "o"), (#"\bok$"#, "ok", "ok "),
            (#"\x41\x{1f600}\t"#, "A😀\t", "A😀"), ("(?i)straße", "STRAßE", "strasse"), ("(?i)[a-z]+7", "ABC7", "ÄÖÜ7"),
            (#"(?i)[^a]"#, "b", "aA"), (#"\/\-"#, "/-", "x"), ("a.*b.*c", "1a2b3c4", "1a2c3b4"),
        ] as [(String, String, String?)])
    func `is in one line and not in another`(pattern: String, line: String, other: String?) throws {
        #expect(try isFound(pattern, in: line), "\(pattern) in \(line)")
        if let other { #expect(try !isFound(pattern, in: other), "\(pattern) in \(other)") }
    }

    @Test(arguments: [
        ("(a", "has a `(` that is not closed (at character 3)"),
        ("a)", "has a `)` that closes nothing (at character 2)"),
        ("[a", "has a `[` that is not closed (at character 3)"), ("[", "has a `[` that is not closed (at character 2)"),
        ("*a", "has a `*` with nothing before it to repeat (at character 1)"),
        ("(|+)", "has a `+` with nothing before it to repeat (at character 3)"),
        ("a**", "has a `*` that repeats a repetition (at character 3)"),
        ("a++", "has a `+` that repeats a repetition (at character 3)"),
        (#"a\"#, "ends with a backslash (at character 3)"),
        (#"\y"#, #"has a `\y`, which is not known here (at character 2)"#),
        (#"(a)\1"#, #"refers to a group by `\1`, which is not known here (at character 5)"#),
        (
            "a(?=b)",
            "has a group with `(?`: `(?:…)` is known, and `(?i)` at the beginning; looking around is not (at character 4)"
        ),
        ("a{1001}", "repeats something 1001 times; 1000 is the most (at character 8)"),
        ("a{3,2}", "repeats something at least 3 and at most 2 times (at character 7)"),
        ("((a{100}){100}){100}", "is too large once its repetitions are written out"),
        ("[b-a]", "has a range in `[…]` that has no beginning or no end (at character 5)"),
        (#"[a-\d]"#, "has a range in `[…]` that has no beginning or no end (at character 6)"),
        (#"\xg"#, #"has a `\x` without a character's number: `\x41` or `\x{1f600}` (at character 3)"#),
        (#"\x{d800}"#, #"has a `\x` without a character's number: `\x41` or `\x{1f600}` (at character 9)"#),
        (
            "[[:nope:]]",
            "has a class that is not known (known: [:alpha:], [:digit:], [:lower:], [:punct:], [:space:], [:upper:]) (at character 2)"
        ),
    ])
    func `that is none is refused with the place`(pattern: String, reason: String) {
        #expect(throws: LinePattern.Refusal(description: reason)) { try LinePattern(pattern) }
    }

    @Test func `is refused when it is nested without end (I8)`() {
        let deep = String(repeating: "(", count: 500) + String(repeating: ")", count: 500)
        #expect(throws: LinePattern.Refusal.self) { try LinePattern(deep) }
        #expect(throws: LinePattern.Refusal.self) { try LinePattern("(((|){0,1000}){1000}){1000}") }
    }

    /// Engines that try one way after the other need longer than the universe for these.
    @Test(arguments: ["(a+)+$", "^(a|a)*$", "(a*)*b", "(.*a){20}$", "(a?){30}a{30}$"])
    func `takes time that grows with the line and the pattern alone (I8)`(pattern: String) throws {
        let began = ContinuousClock.now
        #expect(try !isFound(pattern, in: String(repeating: "a", count: 500) + "!"))
        #expect(.now - began < .seconds(20))
    }

    @Test func `stops when it is told to`() throws {
        let matcher = LineMatcher(try LinePattern("(.{1,40}){1,40}x"))
        let line = PlainText.Line(scalars: Array(repeating: "a", count: 1000), unchanged: 0, isCut: false)
        var asked = 0
        let answer = matcher.look(at: line) {
            asked += 1
            return asked < 3
        }
        #expect(answer == nil)
        #expect(asked == 3)
    }
}
