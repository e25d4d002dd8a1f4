import Testing

@testable import TerminalText

@Suite struct `A search in output` {
    private func search(
        _ pattern: String, _ pieces: [String], from: UInt64 = 0
    ) throws -> (LineSearch.Outcome, LineSearch) {
        let search = LineSearch(try LinePattern(pattern), from: from)
        for piece in pieces {
            let outcome = search.read(Array(piece.utf8)) { true }
            if outcome != .notFound { return (outcome, search) }
        }
        return (.notFound, search)
    }

    @Test func `finds a line, and says where to go on`() throws {
        let (outcome, _) = try search("^two", ["one\r\ntwo 2\r\nthree\r\n"], from: 100)
        #expect(outcome == .found(line: "two 2", next: 112))
    }

    @Test func `finds a prompt, which has no newline`() throws {
        #expect(
            try search(#"\$ $"#, ["Linux\r\n", "\u{1b}[32mada\u{1b}[0m", "$ "]).0 == .found(line: "ada$ ", next: 21))
    }

    @Test(arguments: 1...9)
    func `finds the same however the bytes are cut`(size: Int) throws {
        let bytes = Array("x\u{1b}]0;DONE\u{7}y\r\n10%\r\u{1b}[Kgrün DONE\u{1b}[0m\r\n".utf8)
        let search = LineSearch(try LinePattern("^grün DONE$"), from: 0)
        var outcome = LineSearch.Outcome.notFound
        for start in stride(from: 0, to: bytes.count, by: size) where outcome == .notFound {
            outcome = search.read(bytes[start..<min(start + size, bytes.count)]) { true }
        }
        guard case .found("grün DONE", _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `sees what is then replaced`() throws {
        #expect(try search("^ 50%", [" 10%\r 50%\r100%\r\n"]).0 == .found(line: " 50%", next: 10))
        #expect(try search("^secret", ["secret\u{1b}[2K\rother\r\n"]).0 == .notFound, "nothing was moved over it yet")
        #expect(try search("^secret", ["secret\r\u{1b}[Kother\r\n"]).0 == .found(line: "secret", next: 9))
    }

    @Test func `does not see what was never on one line`() throws {
        #expect(try search("ab", ["a\r\nb\r\n"]).0 == .notFound)
        #expect(try search("^Donewloading", ["Downloading\r\u{1b}[KDone\r\n"]).0 == .notFound)
        #expect(try search("ab", ["xa\u{8}\u{8}", "cb\r\n"]).0 == .notFound)
    }

    @Test func `says where the unfinished line begins`() throws {
        let (outcome, search) = try search("never", ["one\r\ntw", "o"], from: 10)
        #expect(outcome == .notFound)
        #expect(search.lineStart == 15)
        #expect(search.next == 18)
    }

    @Test func `looks at so much of a line and no more (I8)`() throws {
        let long = String(repeating: "x", count: LineSearch.lineLimit)
        #expect(try search("END", [long + "END\r\n"]).0 == .notFound)
        #expect(try search("x$", [long + "END\r\n"]).0 == .notFound, "that is not where the line ends")
        #expect(try search("^END", [long + "END\r\nEND\r\n"]).0 != .notFound, "the next line is whole again")
    }

    @Test func `goes on after a gap with a line of its own`() throws {
        let (_, search) = try search("ab", ["xa"])
        search.skip(to: 1000)
        #expect(search.read(Array("b".utf8)) { true } == .notFound)
        #expect(search.next == 1001)
        #expect(search.lineStart == 1000)
    }

    /// A line that grows byte by byte is not searched from its beginning each time.
    @Test func `of a line that grows costs what it grows by`() throws {
        let search = LineSearch(try LinePattern("never"), from: 0)
        let began = ContinuousClock.now
        var found = 0
        for _ in 0..<20_000 where search.read([0x78], mayGoOn: { true }) != .notFound { found += 1 }
        #expect(found == 0)
        #expect(.now - began < .seconds(30))
    }
}
