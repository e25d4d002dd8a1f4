import Testing

@testable import HostService

/// Symptom of all: the look found nothing, and work was lost. Cause: the repository's configuration or HEAD led git astray.
@Suite struct `A look through a git that is misled` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    @Test func `finds a file whose name differs from a tracked one in case`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git config core.ignorecase true && touch A.TXT", in: path)
        #expect(try fixture.sh("git status --porcelain", in: path).isEmpty, "git is blind to it")
        #expect(try await fixture.findings(path) == ["1 untracked file (A.TXT)"])
    }

    @Test func `finds files in the worktree where git was told that it lies elsewhere`() async throws {
        let path = try await fixture.worktree()
        let other = fixture.root + "/other"
        try fixture.sh(
            """
            mkdir '\(other)' && cp -r a.txt src .gitignore '\(other)'
            git config extensions.worktreeConfig true && git config --worktree core.worktree '\(other)'
            touch new
            """, in: path)
        #expect(try fixture.sh("git status --porcelain", in: path).isEmpty, "git looks elsewhere")
        #expect(try await fixture.findings(path) == ["1 untracked file (new)"])
    }

    @Test func `finds commits that only refs of the worktree have`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git update-ref refs/worktree/known HEAD", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        let commit = try fixture.sh(
            "git update-ref refs/worktree/a/b $(git commit-tree -m x 'HEAD^{tree}') && git rev-parse refs/worktree/a/b",
            in: path)
        #expect(
            try await fixture.findings(path) == ["commit \(commit) is on no branch, only on a ref of this worktree"])
        try fixture.sh("git tag kept \(commit)", in: path)
        #expect(try await fixture.findings(path).isEmpty)
    }

    @Test func `finds a HEAD on a ref that is no branch`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            """
            git update-ref refs/worktree/wip HEAD && git symbolic-ref HEAD refs/worktree/wip
            """, in: path)
        #expect(try await fixture.findings(path).isEmpty, "a branch has its commit")
        let head = try fixture.sh("git commit -q --allow-empty -m wip && git rev-parse HEAD", in: path)
        #expect(try await fixture.findings(path) == ["HEAD \(head) is on no branch"])
    }
}
