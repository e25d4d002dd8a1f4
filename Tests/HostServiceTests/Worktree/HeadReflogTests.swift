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
        #expect(showsNoNewCommit("merge origin/main: Fast-forward", "pull: Fast-forward", "pull -q: Fast-forward"))
        #expect(
            showsNoNewCommit(
                "rebase (start): checkout origin/main", "rebase (finish): returning to refs/heads/main",
                "pull --rebase (start): checkout 1234", "pull --rebase (finish): returning to refs/heads/main"))
    }

    @Test(arguments: [
        "commit: x", "commit (initial): x", "commit (amend): x", "commit: x: Fast-forward", "rebase (pick): x",
        "merge x: Merge made by the 'ort' strategy.", "pull: Merge made by the 'ort' strategy.",
        "pull --rebase (pick): x", "rebase (continue): x", "cherry-pick: x", "revert: x", "am: x", "something else", "",
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
