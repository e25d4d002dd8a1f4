import Testing

@testable import HostService

/// Symptom of all: a repository was deleted with its commits. Cause: only `.git` was looked for.
@Suite struct `A git directory under another name` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture.withLibrary() }

    @Test func `that is bare is kept for its commits`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git init -q --bare ignored/m.git", in: path)
        #expect(try await fixture.findings(path).isEmpty, "nothing is in it")
        try fixture.sh("git push -q ignored/m.git HEAD:refs/heads/kept", in: path)
        #expect(
            try await fixture.findings(path)
                == GitFixture.nestedWork("ignored/m.git", "a branch has commits that no remote has"))
    }

    @Test func `that is a mirror is not kept, unless somebody works in it`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git clone -q --mirror '\(fixture.root)/lib' ignored/mirror.git", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh(
            """
            git -C ignored/mirror.git worktree add -q -b mine ../mine
            git -C ignored/mine commit -q --allow-empty -m mine
            """, in: path)
        let found = try await fixture.findings(path)
        #expect(found.count == 1)
        #expect(found[0].contains("ignored/mirror.git: \(GitFixture.lostHead)"))
        #expect(found[0].contains("ignored/mine: \(GitFixture.lostHead)"))
    }

    @Test func `that is mirrored elsewhere is no mirror`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            """
            git init -q --bare ignored/own.git && git push -q ignored/own.git HEAD:refs/heads/main
            git -C ignored/own.git remote add --mirror=push backup '\(fixture.root)/lib'
            """, in: path)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/own.git", GitFixture.lostHead))
    }

    @Test func `that belongs to a checkout elsewhere is kept, not one whose checkout goes too`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "mkdir ignored && git init -q --separate-git-dir=\"$PWD/ignored/inner.d\" ignored/inner", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("git init -q --separate-git-dir=\"$PWD/ignored/outer.d\" '\(fixture.root)/outer'", in: path)
        #expect(
            try await fixture.findings(path)
                == GitFixture.nestedWork("ignored/outer.d", "git directory of a worktree elsewhere"))
    }

    @Test func `is none because of its entries' names alone, and is searched then`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mkdir -p ignored/x/objects ignored/x/refs && touch ignored/x/HEAD", in: path)
        try fixture.sh(
            "mkdir objects refs && touch HEAD objects/o refs/r && git add . && git commit -qm names", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh(
            "git init -q ignored/x/objects/r && git -C ignored/x/objects/r commit -q --allow-empty -m x", in: path)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/x/objects/r", GitFixture.lostHead))
    }

    @Test func `is not kept when the worktree's branch has all of it, as samples for tests`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            """
            git init -q --bare sample.git && git push -q sample.git HEAD:refs/heads/main
            git add sample.git && git commit -qm sample
            """, in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("mkdir sample.git/ignored && touch sample.git/ignored/x", in: path)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("sample.git", GitFixture.lostHead))
    }
}
