import Testing

@testable import HostService

/// Submodules and repositories in the worktree's directory: work that a look at its own files does not see.
@Suite struct `Work inside a worktree's other repositories` {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
        try fixture.sh(
            """
            git init -q lib && cd lib && echo lib > lib.c && git add . && git commit -qm lib && cd ..
            git -C app submodule --quiet add ../lib vendor/lib && git -C app commit -qm 'with lib'
            """)
    }

    private func worktreeWithSubmodule() async throws -> String {
        let path = try await fixture.worktree()
        #expect(try await fixture.findings(path).isEmpty, "not initialised")
        try fixture.sh("git submodule --quiet update --init", in: path)
        #expect(try await fixture.findings(path).isEmpty, "as recorded")
        return path
    }

    @Test func `is found in a submodule's files`() async throws {
        let path = try await worktreeWithSubmodule()
        try fixture.sh("git config submodule.vendor/lib.ignore all && echo x >> vendor/lib/lib.c", in: path)
        #expect(try await fixture.findings(path) == ["1 submodule with work in it (vendor/lib)"])
        try fixture.sh("git -C vendor/lib reset -q --hard && touch vendor/lib/new", in: path)
        #expect(try await fixture.findings(path) == ["1 submodule with work in it (vendor/lib)"])
    }

    /// Symptom: untracked files in a submodule were lost. Cause: `status.showUntrackedFiles=no` and `diff.ignoreSubmodules=all` of the person
    /// reach the `git status` that git runs in a submodule, the options of the outer one do not.
    @Test func `is found in a submodule's files, whatever the person's configuration hides`() async throws {
        let path = try await worktreeWithSubmodule()
        try fixture.sh(
            """
            git config --global status.showUntrackedFiles no && git config --global diff.ignoreSubmodules all
            touch vendor/lib/new
            """, in: path)
        #expect(try await fixture.findings(path) == ["1 submodule with work in it (vendor/lib)"])
    }

    /// Symptom: changes in a submodule were lost that git was told not to see, or in the middle of a merge. Cause: only `git status` was asked
    /// there.
    @Test func `is found in a submodule that git status calls clean`() async throws {
        let path = try await worktreeWithSubmodule()
        try fixture.sh(
            "cd vendor/lib && git rev-parse HEAD > \"$(git rev-parse --absolute-git-dir)/MERGE_HEAD\"", in: path)
        #expect(
            try await fixture.findings(path) == ["1 submodule with work in it (vendor/lib: in the middle of a merge)"])
        try fixture.sh(
            """
            cd vendor/lib && rm "$(git rev-parse --absolute-git-dir)/MERGE_HEAD"
            git update-index --assume-unchanged lib.c && echo x >> lib.c
            """, in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 submodule with work in it (vendor/lib: changes hidden from git status)"
            ])
    }

    @Test func `is found in a submodule's commit that only the worktree has, although a branch records it`()
        async throws
    {
        let path = try await worktreeWithSubmodule()
        try fixture.sh("cd vendor/lib && git commit -q --allow-empty -m local", in: path)
        #expect(try await fixture.findings(path) == ["1 submodule with work in it (vendor/lib)"])
        try fixture.sh("git commit -qam 'newer lib'", in: path)
        let expected = ["1 submodule with work in it (vendor/lib: HEAD is at a commit that no remote has)"]
        #expect(try await fixture.findings(path) == expected)
        try fixture.sh("git -C vendor/lib push -q origin HEAD:refs/heads/published", in: path)
        #expect(try await fixture.findings(path).isEmpty)
    }

    @Test func `is found in a submodule's branch or stash that is not checked out`() async throws {
        let path = try await worktreeWithSubmodule()
        try fixture.sh(
            "cd vendor/lib && git checkout -q -b mine && git commit -q --allow-empty -m local && git checkout -q --detach HEAD~1",
            in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 submodule with work in it (vendor/lib: a branch has commits that no remote has)"
            ])
        try fixture.sh("cd vendor/lib && git branch -q -D mine && echo x >> lib.c && git stash -q", in: path)
        #expect(try await fixture.findings(path) == ["1 submodule with work in it (vendor/lib: a stash)"])
    }

    @Test func `is found in a submodule that is no longer checked out`() async throws {
        let path = try await worktreeWithSubmodule()
        try fixture.sh(
            """
            cd vendor/lib && git commit -q --allow-empty -m local && cd ../..
            git submodule --quiet deinit -f vendor/lib
            """, in: path)
        let expected = ["1 submodule with work in it (vendor/lib: HEAD is at a commit that no remote has)"]
        let found = try await fixture.findings(path)
        #expect(found == expected)
        try fixture.sh("rm -rf vendor && git checkout -q vendor", in: path)
        #expect(try await fixture.findings(path) == expected)
    }

    @Test func `is found in a submodule whose repository lies in its directory`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "git clone -q ../../../lib own && git submodule --quiet add ./own own 2>/dev/null || git add own", in: path)
        try fixture.sh("git commit -qam own || git commit -qm own", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh(
            "cd own && git branch mine && git checkout -q mine && git commit -q --allow-empty -m local", in: path)
        try fixture.sh("git add own && git commit -qm newer", in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 submodule with work in it (own: HEAD is at a commit that no remote has)"
            ])
    }

    @Test func `is not seen in a shallow submodule as it was fetched`() async throws {
        try fixture.sh("cd lib && git commit -q --allow-empty -m second && git commit -q --allow-empty -m third")
        try fixture.sh("git -C lib config uploadpack.allowAnySHA1InWant true")
        let path = try await fixture.worktree()
        try fixture.sh("git config submodule.vendor/lib.url file://\(fixture.root)/lib", in: path)
        try fixture.sh("git submodule --quiet update --init --depth 1", in: path)
        #expect(try fixture.sh("git -C vendor/lib rev-parse --is-shallow-repository", in: path) == "true")
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("git -C vendor/lib commit -q --allow-empty -m local && git commit -qam newer", in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 submodule with work in it (vendor/lib: HEAD is at a commit that no remote has)"
            ])
    }

    @Test func `is found in a submodule of a submodule`() async throws {
        try fixture.sh(
            """
            git init -q deep && git -C deep commit -q --allow-empty -m deep
            git -C lib submodule --quiet add ../deep deep && git -C lib commit -qm 'with deep'
            git -C app/vendor/lib pull -q && git -C app commit -qam 'newer lib'
            """)
        let path = try await fixture.worktree()
        try fixture.sh("git submodule --quiet update --init --recursive", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh(
            """
            cd vendor/lib/deep && git checkout -q -b mine && git commit -q --allow-empty -m local
            git checkout -q --detach HEAD~1
            """, in: path)
        let expected = ["1 submodule with work in it (vendor/lib/deep: a branch has commits that no remote has)"]
        #expect(try await fixture.findings(path) == expected)
    }

    /// Symptom: untracked files in a submodule of a submodule were lost. Cause: `ignore = all` in the `.gitmodules` between.
    @Test func `is found in a submodule of a submodule that is not to be looked at`() async throws {
        try fixture.sh(
            """
            git init -q deep && git -C deep commit -q --allow-empty -m deep
            git -C lib submodule --quiet add ../deep deep && git -C lib config -f .gitmodules submodule.deep.ignore all
            git -C lib commit -qam 'with deep'
            git -C app/vendor/lib pull -q && git -C app commit -qam 'newer lib'
            """)
        let path = try await fixture.worktree()
        try fixture.sh("git submodule --quiet update --init --recursive", in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("touch vendor/lib/deep/new", in: path)
        let loss = "changed or untracked files"
        #expect(
            try await fixture.findings(path) == [
                "2 submodules with work in them (vendor/lib: \(loss), vendor/lib/deep: \(loss))"
            ])
    }

    @Test func `is found in an ignored directory that is a repository`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mkdir -p ignored/a/b && git init -q ignored/a/b && touch ignored/a/b/file", in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 nested repository with work in it (ignored/a/b: changed or untracked files)"
            ])
        try fixture.sh("cd ignored/a/b && git add . && git commit -qm x", in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 nested repository with work in it (ignored/a/b: HEAD is at a commit that no remote has)"
            ])
    }

    @Test func `is not seen in what a build tool checked out`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "git clone -q ../../../lib ignored/checkouts/lib && git -C ignored/checkouts/lib checkout -q --detach",
            in: path)
        #expect(try await fixture.findings(path).isEmpty)
        try fixture.sh("echo patched >> ignored/checkouts/lib/lib.c", in: path)
        #expect(
            try await fixture.findings(path) == [
                "1 nested repository with work in it (ignored/checkouts/lib: changed or untracked files)"
            ])
    }

    @Test func `is found where the ignored repository cannot be read`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "mkdir -p ignored/broken/.git && git init -q ignored/other && echo x > ignored/other/.git/HEAD", in: path)
        let found = try await fixture.findings(path)
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("2 nested repositories with work in them ("))
        #expect(found[0].contains("not a git repository"))
    }

    @Test func `is judged for an ignored worktree of a repository elsewhere by what goes with its directory`()
        async throws
    {
        let path = try await fixture.worktree()
        try fixture.sh("git -C '\(fixture.root)/lib' worktree add -q -b side '\(path)/ignored/side'")
        try fixture.sh("git commit -q --allow-empty -m kept", in: path + "/ignored/side")
        #expect(try await fixture.findings(path).isEmpty, "the branch stays")
        try fixture.sh("git checkout -q --detach && git commit -q --allow-empty -m lost", in: path + "/ignored/side")
        #expect(
            try await fixture.findings(path) == [
                "1 nested repository with work in it (ignored/side: HEAD is on no branch)"
            ])
    }

    @Test func `is found in an untracked repository`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git init -q plain && git -C plain commit -q --allow-empty -m x", in: path)
        #expect(try await fixture.findings(path) == ["1 untracked file (plain/)"])
    }
}
