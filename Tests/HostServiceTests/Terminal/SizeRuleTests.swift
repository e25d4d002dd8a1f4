import CgroupPty
import Testing

@testable import HostService

@Suite struct `The size of a terminal` {
    private let small = WindowSize(columns: 80, rows: 24)!
    private let large = WindowSize(columns: 200, rows: 60)!
    private let other = WindowSize(columns: 100, rows: 30)!

    @Test func `follows the client that came last, until another one types`() {
        var rule = SizeRule()
        #expect(rule.resized(1, to: large) == large)
        #expect(rule.resized(2, to: small) == small)
        #expect(rule.resized(1, to: other) == nil, "it does not decide now")
        #expect(rule.typed(1) == other)
        #expect(rule.typed(1) == nil, "it decides already")
        #expect(rule.resized(2, to: large) == nil)
        #expect(rule.typed(2) == large)
    }

    @Test func `is the one before's again when the client that decided goes`() {
        var rule = SizeRule()
        _ = rule.resized(1, to: large)
        _ = rule.resized(2, to: small)
        _ = rule.resized(3, to: other)
        _ = rule.typed(1)
        #expect(rule.left(3) == nil)
        #expect(rule.left(1) == small)
        #expect(rule.left(2) == nil, "nobody is left: the size stays")
    }

    @Test func `is never that of a client that has told none`() {
        var rule = SizeRule()
        _ = rule.resized(1, to: large)
        #expect(rule.typed(2) == nil)
        #expect(rule.left(2) == nil)
        #expect(rule.resized(1, to: small) == small)
    }
}
