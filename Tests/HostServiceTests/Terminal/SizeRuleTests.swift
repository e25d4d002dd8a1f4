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

    // Symptom: after a restart of the host the program was drawn for a window that somebody had left open elsewhere. Cause: all clients come back
    // at once, and the one that came last decided.
    @Test func `is after a restart that of the client whose user typed last, whoever comes back first`() {
        let now = ContinuousClock.now
        for order in [[1, 2, 3], [3, 2, 1], [2, 1, 3], [2, 3, 1]] as [[UInt64]] {
            var rule = SizeRule()
            var size: WindowSize?
            for client in order {
                let (window, idle) = [1: (small, 60), 2: (other, 5), 3: (large, 3600)][client]!
                size = rule.resized(client, to: window, at: now - .seconds(idle)) ?? size
            }
            #expect(size == other, "\(order)")
            #expect(rule.typed(3, at: now) == large)
            #expect(rule.resized(4, to: small, at: now - .seconds(1)) == nil, "it was away for a moment only")
        }
    }

    @Test func `is never that of a client that has told none`() {
        var rule = SizeRule()
        _ = rule.resized(1, to: large)
        #expect(rule.typed(2) == nil)
        #expect(rule.left(2) == nil)
        #expect(rule.resized(1, to: small) == small)
    }
}
