import Testing

@testable import HostService

@Suite struct `A repository inside a worktree` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture.withLibrary() }

    private static let otherRef = "a ref that is no branch has commits that no remote has"

    /// A worktree with a clone of `lib` in an ignored directory.
    private func worktreeWithClone() async throws -> String {
        let path = try await fixture.worktree()
        try fixture.sh("git clone -q '\(fixture.root)/lib' ignored/lib", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        return path
    }

    /// Symptom: a repository that was made in a directory of the worktree's own was deleted with its commits. Cause: git takes its
    /// directory for tracked files and shows nothing of it, and only ignored directories were searched.
    @Test func `is found beside tracked files`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("cd src && git init -q && git add . && git commit -qm mine", in: path)
        #expect(try fixture.sh("git status --porcelain", in: path).isEmpty, "git is blind to it")
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("src", GitFixture.lostHead))
        try fixture.sh("touch src/new", in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 untracked file (src/new)",
                "1 nested repository with work in it (src: changed or untracked files)",
            ])
        try fixture.sh(
            """
            rm src/new && git init -q --bare '\(fixture.root)/hub.git' && cd src
            git remote add hub '\(fixture.root)/hub.git' && git push -q hub HEAD:refs/heads/main
            """, in: path)
        #expect(try await fixture.findings(path).isEmpty, "published")
    }

    @Test func `is found in an ignored directory of another one, and of a submodule`() async throws {
        try fixture.sh("git -C app submodule --quiet add ../lib vendor/lib && git -C app commit -qm 'with lib'")
        let path = try await worktreeWithClone()
        try fixture.sh(
            """
            git submodule --quiet update --init
            for outer in vendor/lib ignored/lib; do
                (cd "$outer" && echo deps/ >> "$(git rev-parse --git-path info/exclude)")
            done
            git init -q vendor/lib/deps/a && git -C vendor/lib/deps/a commit -q --allow-empty -m x
            """, in: path)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("vendor/lib/deps/a", GitFixture.lostHead))
        try fixture.sh("mv vendor/lib/deps ignored/lib/deps", in: path)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib/deps/a", GitFixture.lostHead))
    }

    @Test func `is looked at as closely as the worktree`() async throws {
        let path = try await worktreeWithClone()
        try fixture.sh("cp ignored/lib/.git/HEAD ignored/lib/.git/BISECT_LOG", in: path)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", "in the middle of a bisect"))
        try fixture.sh(
            "cd ignored/lib && rm .git/BISECT_LOG && git update-index --skip-worktree lib.c && echo x >> lib.c",
            in: path)
        #expect(
            try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", "changes hidden from git status"))
    }

    /// Symptom: a commit on no branch was lost that had been given a tag. Cause: each tag counted as a remote's.
    @Test func `has its tags counted as fetched only while no commit was made in it`() async throws {
        try fixture.sh(
            "git checkout -q --detach && git commit -q --allow-empty -m x && git tag v9 && git checkout -q main",
            in: fixture.root + "/lib")
        let path = try await worktreeWithClone()
        try fixture.sh("git checkout -q v9", in: path + "/ignored/lib")
        #expect(try await fixture.findings(path).isEmpty, "as a build tool does")
        try fixture.sh("git commit -q --allow-empty -m mine && git tag mine", in: path + "/ignored/lib")
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", GitFixture.lostHead))
        try fixture.sh("git checkout -q main", in: path + "/ignored/lib")
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", Self.otherRef))
        // Symptom: a tagged commit was lost. Cause: what a worktree that is gone had made is in no log.
        try fixture.sh(
            """
            git tag -d mine && rm .git/logs/HEAD && cd .. && rm -rf lib && git clone -q '\(fixture.root)/lib' lib && cd lib
            git worktree add -q --detach ../side && git -C ../side commit -q --allow-empty -m mine
            git -C ../side tag mine && git worktree remove ../side
            """, in: path + "/ignored/lib")
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", Self.otherRef))
        try fixture.sh("git tag -d mine && git checkout -q v9 && rm .git/logs/HEAD", in: path + "/ignored/lib")
        #expect(
            try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", GitFixture.lostHead),
            "made or fetched, who can say")
    }

    // Symptom: an untouched submodule kept its worktree from a delete. Cause: with `shallow = true` git fetches the commit that is recorded by its
    // id, so that no ref has it; and where the submodule was removed, git went to a checkout that was not there.
    @Test func `is no work where a submodule's commit was fetched by its id, or its checkout is gone`() async throws {
        let lib = fixture.root + "/lib"
        try fixture.sh(
            """
            git config uploadpack.allowAnySHA1InWant true
            git -c user.email=them@example.org commit -q --allow-empty -m recorded && git tag old
            git -c user.email=them@example.org commit -q --allow-empty -m tip
            """, in: lib)
        try fixture.sh(
            """
            git submodule --quiet add 'file://\(lib)' vendor/lib && git -C vendor/lib checkout -q old
            git config -f .gitmodules submodule.vendor/lib.shallow true && git add . && git commit -qm 'with lib'
            """, in: fixture.app)
        let path = try await fixture.worktree()
        try fixture.sh("git -c protocol.file.allow=always submodule --quiet update --init", in: path)
        #expect(try fixture.sh("git for-each-ref --contains HEAD", in: path + "/vendor/lib").isEmpty)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("git rm -qr vendor/lib && git commit -qm without", in: path)
        #expect(try await fixture.findings(path).isEmpty)
    }

    // Symptom: files were lost that lay where a submodule belongs. Cause: git shows none of them while it is not checked out, as in every new
    // worktree.
    @Test func `that is a submodule has what lies in its place looked at, too`() async throws {
        try fixture.sh("git -C app submodule --quiet add ../lib vendor/lib && git -C app commit -qm 'with lib'")
        let path = try await fixture.worktree()
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("echo work > vendor/lib/new.c", in: path)
        #expect(try fixture.sh("git status --porcelain --ignored", in: path).isEmpty, "git is blind to it")
        #expect(
            try await fixture.findings(path) == [
                "1 submodule with work in it (vendor/lib: files where it is not checked out)"
            ])
    }

    /// Symptom: notes and commits on refs of other kinds were lost. Cause: only branches were asked for.
    @Test func `has all its refs looked at`() async throws {
        let path = try await worktreeWithClone()
        let clone = path + "/ignored/lib"
        try fixture.sh("git notes add -m note", in: clone)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", Self.otherRef))
        try fixture.sh(
            "git update-ref -d refs/notes/commits && git update-ref refs/mine/x $(git commit-tree -m x 'HEAD^{tree}')",
            in: clone)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", Self.otherRef))
        try fixture.sh("git update-ref -d refs/mine/x && echo x >> lib.c && git stash -q", in: clone)
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", "a stash"))
    }

    /// Symptom: a worktree elsewhere had lost its repository. Cause: nobody asked a repository in an ignored directory for its worktrees.
    @Test func `is kept for its worktrees elsewhere, not for those that go with it`() async throws {
        let path = try await worktreeWithClone()
        let clone = path + "/ignored/lib"
        let side = fixture.root + "/side"
        try fixture.sh("git worktree add -q --detach ../inner", in: clone)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("git worktree add -q --detach '\(side)'", in: clone)
        let found = try await fixture.findings(path)
        #expect(found.count == 1)
        #expect(found[0].contains("ignored/lib: the worktree at \(side) belongs to it"))
        try fixture.sh("git worktree lock '\(side)' && git worktree remove ../inner && rm -r '\(side)'", in: clone)
        #expect(
            try await fixture.findings(path)
                == GitFixture.nestedWork("ignored/lib", "the worktree at \(side) belongs to it"),
            "it may only be away")
        try fixture.sh("git worktree unlock '\(side)'", in: clone)
        #expect(try await fixture.findings(path).isEmpty)
    }

    @Test func `has the submodules asked that are no longer checked out`() async throws {
        let path = try await worktreeWithClone()
        try fixture.sh(
            """
            cd ignored/lib && git submodule --quiet add '\(fixture.root)/lib' sub
            cd sub && git checkout -q -b mine && git commit -q --allow-empty -m mine && cd ..
            git submodule --quiet deinit -f sub && git rm -qf --cached sub && git reset -q --hard
            """, in: path)
        let loss = "submodule sub: HEAD is at a commit that no remote has"
        #expect(try await fixture.findings(path) == GitFixture.nestedWork("ignored/lib", loss))
    }
}
