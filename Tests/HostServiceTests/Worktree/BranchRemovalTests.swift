import Testing

@testable import HostService

@Suite struct `The removal of a branch` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    private func remove(
        _ branch: String, force: Bool = false, at path: String? = nil
    ) async throws -> BranchRemoval.Outcome {
        let repository = try await fixture.repository(at: path ?? fixture.app)
        return try await BranchRemoval(repository: repository).remove(branch, force: force)
    }

    @Test func `removes a merged one and names its commit`() async throws {
        let commit = try fixture.sh("git branch topic/x && git rev-parse topic/x", in: fixture.app)
        #expect(try await remove("topic/x") == .removed(commit: commit))
        #expect(try await remove("topic/x") == .absent)
    }

    @Test func `keeps an unmerged one unless forced`() async throws {
        try fixture.sh(
            "git checkout -q -b topic && git commit -q --allow-empty -m work && git checkout -q main", in: fixture.app)
        let commit = try fixture.sh("git rev-parse topic", in: fixture.app)
        #expect(try await remove("topic") == .kept(.notMerged(commit: commit)))
        #expect(try await remove("topic", force: true) == .removed(commit: commit))
        #expect(try fixture.sh("git cat-file -t \(commit)", in: fixture.app) == "commit", "it can be made again")
    }

    @Test func `takes for merged what its upstream has`() async throws {
        try fixture.sh(
            """
            git clone -q app clone && cd clone
            git checkout -q -b topic && git commit -q --allow-empty -m work && git push -q -u origin topic && git checkout -q main
            """)
        let commit = try fixture.sh("git rev-parse topic", in: fixture.root + "/clone")
        #expect(try await remove("topic", at: fixture.root + "/clone") == .removed(commit: commit))
    }

    @Test func `keeps one that is checked out anywhere, also when forced`() async throws {
        let path = try await fixture.worktree()
        for force in [false, true] {
            #expect(try await remove("w1aaaa", force: force) == .kept(.checkedOut("checked out at \(path)")))
            #expect(try await remove("main", force: force) == .kept(.checkedOut("checked out at \(fixture.app)")))
        }
    }

    @Test func `keeps one that is being rebased elsewhere`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "git commit -q --allow-empty -m x && GIT_SEQUENCE_EDITOR='sed -i 1ibreak' git rebase -q -i HEAD~1", in: path
        )
        guard case .kept(.checkedOut(let why)) = try await remove("w1aaaa", force: true) else {
            Issue.record("the rebase would be lost")
            return
        }
        #expect(why.contains(path))
    }

    @Test func `keeps the one that a bare repository's HEAD names`() async throws {
        try fixture.sh("git clone -q --bare app bare.git && git -C bare.git branch topic")
        #expect(try await remove("main", force: true, at: fixture.root + "/bare.git") == .kept(.headOfBareRepository))
        guard case .removed = try await remove("topic", at: fixture.root + "/bare.git") else {
            Issue.record("topic is merged")
            return
        }
    }

    @Test func `takes a tag or a remote branch for no branch`() async throws {
        try fixture.sh("git tag v1 && git update-ref refs/remotes/origin/topic HEAD", in: fixture.app)
        for name in ["v1", "origin/topic", "topic", "-x", "--all", ""] {
            #expect(try await remove(name, force: true) == .absent, "\(name)")
        }
        #expect(try fixture.sh("git rev-parse v1 origin/topic", in: fixture.app).split(separator: "\n").count == 2)
    }

    @Test func `does not wait for a lock that somebody left`() async throws {
        try fixture.sh("git branch topic && touch .git/refs/heads/topic.lock", in: fixture.app)
        await #expect(throws: GitFailure.self) { try await remove("topic") }
        #expect(try await fixture.repository().hasBranch("topic"))
    }

    @Test func `can be asked for beforehand, without the worktree that is to go, and changes nothing then`()
        async throws
    {
        let path = try await fixture.worktree()
        try fixture.sh("git clone -q app clone && cd clone && git checkout -q -b topic && git push -q -u origin topic")
        let clone = fixture.root + "/clone"
        func plan(
            _ branch: String, force: Bool = false, without worktree: String = "/", at place: String? = nil
        ) async throws -> BranchRemoval.Outcome {
            let repository = try await fixture.repository(at: place ?? fixture.app)
            return try await BranchRemoval(repository: repository).plan(branch, force: force, without: worktree)
        }
        let commit = try fixture.sh("git rev-parse w1aaaa", in: fixture.app)
        #expect(try await plan("w1aaaa", force: true) == .kept(.checkedOut("checked out at \(path)")))
        #expect(try await plan("w1aaaa", without: path) == .removed(commit: commit))
        #expect(try await plan("none") == .absent)
        let work = try fixture.sh("git commit -q --allow-empty -m work && git rev-parse HEAD", in: path)
        #expect(try await plan("w1aaaa", without: path) == .kept(.notMerged(commit: work)))
        #expect(try await plan("w1aaaa", force: true, without: path) == .removed(commit: work))
        // What git does then.
        try fixture.sh("git worktree remove \(path)", in: fixture.app)
        #expect(try await remove("w1aaaa") == .kept(.notMerged(commit: work)))
        // Of one with an upstream that alone counts.
        let topic = try fixture.sh("git commit -q --allow-empty -m more && git rev-parse HEAD", in: clone)
        #expect(try await plan("topic", without: clone, at: clone) == .kept(.notMerged(commit: topic)))
        try fixture.sh("git push -q", in: clone)
        #expect(try await plan("topic", without: clone, at: clone) == .removed(commit: topic))
    }
}
