import Foundation
import Testing

@testable import HostService

@Suite struct `A look before a worktree is removed` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    private func look(_ path: String) async throws -> PreflightResult {
        await fixture.preflight.examine(path, commonDirectory: fixture.app + "/.git")
    }

    private func sample(_ names: String...) -> NameSample {
        var sample = NameSample()
        for name in names { sample.add(name) }
        return sample
    }

    @Test func `finds nothing in a fresh worktree, nor in commits that its branch keeps`() async throws {
        let path = try await fixture.worktree()
        #expect(try await look(path) == .clean)
        try fixture.sh("echo more >> a.txt && git commit -qam more && mkdir ignored && echo x > ignored/x", in: path)
        #expect(try await look(path) == .clean)
    }

    @Test func `finds changed, staged, deleted and conflicting files`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("echo more >> a.txt", in: path)
        #expect(try await look(path) == .dirty([.trackedChanges(sample("a.txt"))]))
        try fixture.sh("git add a.txt && git rm -q src/b.txt", in: path)
        #expect(try await look(path) == .dirty([.trackedChanges(sample("a.txt", "src/b.txt"))]))
        try fixture.sh("git reset -q --hard && git mv a.txt 'new name.txt'", in: path)
        #expect(try await look(path) == .dirty([.trackedChanges(sample("a.txt", "new name.txt"))]))
        try fixture.sh("git reset -q --hard && chmod +x a.txt", in: path)
        #expect(try await look(path) == .dirty([.trackedChanges(sample("a.txt"))]))
    }

    @Test func `finds untracked files whatever the configuration hides, and counts them`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            """
            git config status.showUntrackedFiles no && mkdir new
            for i in 1 2 3 4 5 6 7; do touch "new/$i"; done
            """, in: path)
        let result = try await look(path)
        guard case .dirty(let findings) = result, case .untrackedFiles(let names)? = findings.first else {
            Issue.record("\(result)")
            return
        }
        #expect(names.count == 7)
        #expect(
            findings.map(\.description) == [
                "7 untracked files (new/1, new/2, new/3, new/4, new/5, …)"
            ])
    }

    @Test func `shows hostile names so that they break no line`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "touch -- \"$(printf 'new\\nline')\" -dash \"$(printf 'caf\\351')\" \"$(printf 'esc\\033[31m')\"", in: path)
        let result = try await look(path)
        #expect(
            result == .dirty([.untrackedFiles(sample("-dash", "caf\u{FFFD}", "esc\\x1b[31m", "new\\nline"))]))
    }

    @Test func `finds changes that git was told not to see`() async throws {
        try fixture.sh("ln -s a.txt link && git add link && git commit -qm link", in: fixture.app)
        let path = try await fixture.worktree()
        try fixture.sh(
            "git update-index --skip-worktree a.txt link && git update-index --assume-unchanged src/b.txt", in: path)
        #expect(try await look(path) == .clean, "flagged, and still as recorded")
        try fixture.sh("echo more >> a.txt && echo more >> src/b.txt && ln -sfn elsewhere link", in: path)
        #expect(try fixture.sh("git status --porcelain", in: path).isEmpty, "git status is blind to them")
        #expect(try await look(path) == .dirty([.hiddenChanges(sample("link", "a.txt", "src/b.txt"))]))
        try fixture.sh("rm a.txt src/b.txt link", in: path)
        #expect(try await look(path) == .clean, "what is not on disk holds no work")
    }

    @Test func `is not disturbed by a sparse checkout`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git sparse-checkout set --no-cone /a.txt", in: path)
        #expect(try !fixture.exists(path + "/src/b.txt"))
        #expect(try await look(path) == .clean)
    }

    @Test(arguments: [
        ("git merge -q other || true", [GitOperation.merge]),
        ("git rebase -q other || true", [.rebase]),
        ("git rebase -q --apply other || true", [.rebase]),
        ("git format-patch -q -1 other -o .. && git am -q ../0001-*.patch || true", [.am]),
        ("git cherry-pick other || true", [.cherryPick]),
        ("git revert --no-edit HEAD~1 || true", [.revert]),
        ("git bisect start -q HEAD HEAD~1", [.bisect]),
    ])
    func `finds an operation that is not finished`(script: String, operations: [GitOperation]) async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            """
            git branch -q other
            echo mine > a.txt && git commit -qam mine && echo again > a.txt && git commit -qam again
            git checkout -q other && echo theirs > a.txt && git commit -qam theirs && git checkout -q w1aaaa
            \(script)
            """, in: path)
        let result = try await look(path)
        guard case .dirty(let findings) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(findings.contains(.operationInProgress(operations)), "\(findings)")
    }

    @Test func `finds an operation although nothing differs`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "git commit -q --allow-empty -m x && git merge -q --no-commit --no-ff -s ours main || true", in: path)
        try fixture.sh("git rev-parse HEAD > \"$(git rev-parse --git-path MERGE_HEAD)\"", in: path)
        #expect(try await look(path) == .dirty([.operationInProgress([.merge])]))
    }

    @Test func `finds a detached HEAD with a commit of its own, and no other`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git checkout -q --detach", in: path)
        #expect(try await look(path) == .clean)
        try fixture.sh("git commit -q --allow-empty -m lost", in: path)
        let head = try fixture.sh("git rev-parse HEAD", in: path)
        #expect(try await look(path) == .dirty([.unreferencedHead(commit: head)]))
        // A ref that goes with the worktree does not keep it.
        try fixture.sh("git update-ref refs/worktree/mine HEAD", in: path)
        #expect(try await look(path) == .dirty([.unreferencedHead(commit: head)]))
        try fixture.sh("git tag kept", in: path)
        #expect(try await look(path) == .clean)
    }

    @Test func `finds a lock with its reason, also where the directory is away`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git worktree lock --reason 'on a stick' \(path)", in: fixture.app)
        #expect(try await look(path) == .dirty([.locked(reason: "on a stick")]))
        try fixture.sh("rm -rf '\(path)'")
        #expect(try await look(path) == .dirty([.locked(reason: "on a stick")]))
        try fixture.sh("git worktree unlock \(path)", in: fixture.app)
        #expect(try await look(path) == .missing)
        #expect(await fixture.preflight.examine(path, commonDirectory: nil) == .missing)
    }

    @Test func `on an unborn branch with nothing in it is clean`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git checkout -q --orphan empty && git rm -rqf .", in: path)
        #expect(try await look(path) == .clean)
        try fixture.sh("echo x > x && git add x", in: path)
        #expect(try await look(path) == .dirty([.trackedChanges(sample("x"))]))
    }

    @Test func `writes neither the index nor anything else`() async throws {
        let path = try await fixture.worktree()
        // The index is stale, so that a plain `git status` would write it.
        try fixture.sh("touch -d '2001-01-01' a.txt src/b.txt", in: path)
        let state = "find '\(path)' '\(fixture.app)/.git' -printf '%p %T@ %s\\n' | sort"
        let before = try fixture.sh(state)
        #expect(try await look(path) == .clean)
        #expect(try fixture.sh(state) == before)
        try fixture.sh("git status", in: path)
        #expect(try fixture.sh(state) != before, "the comparison sees a written index")
    }

    @Test func `runs neither hooks nor a file system monitor`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            """
            printf '#!/bin/sh\\ntouch "\(fixture.root)/ran"\\n' > "\(fixture.root)/probe"
            chmod +x "\(fixture.root)/probe"
            for hook in post-index-change post-checkout reference-transaction; do
                cp "\(fixture.root)/probe" "\(fixture.app)/.git/hooks/$hook"
            done
            git config core.fsmonitor "\(fixture.root)/probe"
            git status && rm "\(fixture.root)/ran"
            """, in: path)
        #expect(try await look(path) == .clean)
        #expect(try !fixture.exists(fixture.root + "/ran"))
    }

    @Test func `cannot tell within no time`() async throws {
        let path = try await fixture.worktree()
        let hasty = Preflight(git: GitCommand(inherited: fixture.environment, limit: .zero))
        guard case .couldNotTell(let why) = await hasty.examine(path, commonDirectory: nil) else {
            Issue.record("there was no time")
            return
        }
        #expect(why.contains("no answer in time"))
    }

    @Test func `cannot tell of a directory that is no worktree any more`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mv .git dot-git", in: path)
        #expect(
            try await look(path)
                == .couldNotTell("\(path)/.git is missing, so git cannot say what is in the worktree"))
        try fixture.sh("git init -q", in: path)
        #expect(try await look(path) == .couldNotTell("\(path) is a repository of its own and no worktree"))
        try fixture.sh("rm -rf .git && echo nonsense > .git", in: path)
        #expect(try await look(path) == .couldNotTell("\(path)/.git does not begin with `gitdir: `"))
        try fixture.sh("rm .git && ln -s dot-git .git", in: path)
        #expect(try await look(path) == .couldNotTell("\(path)/.git is a symbolic link"))
        try fixture.sh("rm .git && mkfifo .git", in: path)
        #expect(try await look(path) == .couldNotTell("\(path)/.git is no file"))
        try fixture.sh("rm .git && mv dot-git .git && rm -rf ../../../app/.git/worktrees/*", in: path)
        #expect(
            try await look(path)
                == .couldNotTell(
                    "\(fixture.app)/.git/worktrees/w1aaaa is gone: the repository no longer knows the worktree"))
        try fixture.sh("rm -rf '\(path)' && touch '\(path)'")
        #expect(try await look(path) == .couldNotTell("\(path) is no directory"))
        try fixture.sh("rm '\(path)' && ln -s '\(fixture.app)' '\(path)'")
        #expect(try await look(path) == .couldNotTell("\(path) is no directory"))
    }

    @Test func `tells a repository that is gone from everything else`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mv app moved")
        #expect(try await look(path) == .repositoryGone(commonDirectory: fixture.app + "/.git"))
        try fixture.sh("mkdir app && touch app/.git")
        guard case .couldNotTell = try await look(path) else {
            Issue.record("a file in its place is no proof that it is gone")
            return
        }
        try fixture.sh("rm -r app && mv moved app")
        #expect(try await look(path) == .clean)
    }

    @Test func `cannot tell of a worktree that belongs to another repository`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            "git init -q other && git -C other commit -q --allow-empty -m x && git -C other worktree add -q ../side")
        try fixture.sh("cp side/.git '\(path)/.git'")
        #expect(
            try await look(path)
                == .couldNotTell(
                    "the worktree belongs to the repository at \(fixture.root)/other/.git, not to \(fixture.app)/.git"))
    }

    @Test func `with a damaged index cannot tell`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("echo garbage > \"$(git rev-parse --git-path index)\"", in: path)
        guard case .couldNotTell(let why) = try await look(path) else {
            Issue.record("git cannot read it")
            return
        }
        #expect(why.contains("status"))
    }

    @Test func `understands links that are relative`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh(
            """
            echo "gitdir: ../../../app/.git/worktrees/w1aaaa" > .git
            echo "../../../../worktrees/$(basename "$(dirname "$PWD")")/w1aaaa/.git" > ../../../app/.git/worktrees/w1aaaa/gitdir
            git status
            """, in: path)
        #expect(try await look(path) == .clean)
    }
}
