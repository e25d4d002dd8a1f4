import ArgumentParser
import Testing

@testable import corral

@Suite struct `Text that is sent` {
    private func parse(_ words: String...) throws -> SessionSend {
        try #require(try Corral.parseAsRoot(["session", "send", "tests"] + words) as? SessionSend)
    }

    @Test func `goes as a paste, with Enter after it`() throws {
        let verb = try parse("make\tcheck\nmake install")
        #expect(verb.isPaste(try #require(verb.text)))
        #expect(!verb.noEnter)
        #expect(try parse("--no-enter", "q").noEnter)
    }

    @Test(arguments: ["\u{3}", "\u{1b}[A", "y\r", "\u{7f}"])
    func `is typed when it has keys in it`(_ text: String) throws {
        #expect(try !parse(text).isPaste(text))
    }

    @Test func `is typed when told so`() throws {
        #expect(try !parse("--keys", ":wq").isPaste(":wq"))
    }

    @Test func `can be Enter alone, and not nothing`() throws {
        #expect(try parse("").text == "")
        #expect(try parse().text == nil)
        #expect(throws: (any Error).self) { try parse("", "--no-enter") }
    }
}
