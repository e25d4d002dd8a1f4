import Testing

@testable import HostService

@Suite struct `A log of HEAD` {
    private static let zero = String(repeating: "0", count: 40)
    private static let one = String(repeating: "1", count: 40)

    private func showsNoNewCommit(_ messages: String..., from first: String = Self.zero) -> Bool {
        var old = first
        var log = ""
        for message in messages {
            log += "\(old) \(Self.one) A\tName <a@example.org> 1700000000 +0000\t\(message)\n"
            old = Self.one
        }
        return HeadReflog.showsNoNewCommit(Array(log.utf8))
    }

    @Test func `shows that commits were only fetched`() {
        #expect(showsNoNewCommit("clone: from https://example.org/x"))
        #expect(showsNoNewCommit("checkout: moving from main to v1", "reset: moving to HEAD"))
    }

    @Test(arguments: [
        "commit: x", "commit (initial): x", "commit (amend): x", "merge x: Fast-forward", "rebase (finish): x",
        "cherry-pick: x", "revert: x", "am: x", "pull: Fast-forward", "something else", "",
    ])
    func `shows what may be a new commit`(message: String) {
        #expect(!showsNoNewCommit("clone: from x", message, "checkout: moving from a to b"))
    }

    @Test func `proves nothing where it is empty, cut off or no log`() {
        #expect(!showsNoNewCommit())
        #expect(!showsNoNewCommit("checkout: moving from a to b", from: Self.one))
        #expect(!HeadReflog.showsNoNewCommit(Array("\(Self.zero) \(Self.one) no tab\n".utf8)))
    }
}
