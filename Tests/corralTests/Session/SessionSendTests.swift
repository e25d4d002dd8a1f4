import ArgumentParser
import Testing

@testable import corral

@Suite struct `Text that is sent` {
    @Test func `goes as it is, and Enter as a write of its own`() throws {
        let verb = try #require(try Corral.parseAsRoot(["session", "send", "tests", "make\tcheck"]) as? SessionSend)
        #expect(verb.writes == [Array("make\tcheck".utf8), [0x0d]])
    }

    @Test func `goes without Enter when told so`() throws {
        let verb = try #require(
            try Corral.parseAsRoot(["session", "send", "tests", "--no-enter", "q"]) as? SessionSend)
        #expect(verb.writes == [[0x71]])
    }

    @Test func `can be Enter alone`() throws {
        let verb = try #require(try Corral.parseAsRoot(["session", "send", "tests", ""]) as? SessionSend)
        #expect(verb.writes == [[0x0d]])
    }
}
