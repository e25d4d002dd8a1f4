import Foundation
import Testing

@testable import HostService

@Suite struct `A repository` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    @Test func `is the same one from every path inside`() async throws {
        let worktree = try await fixture.worktree()
        try fixture.sh("ln -s app link")
        for path in [fixture.app, fixture.app + "/src", fixture.app + "/.git", fixture.root + "/link", worktree] {
            let repository = try await fixture.repository(at: path)
            #expect(repository.gitCommonDirectory == fixture.app + "/.git", "from \(path)")
            #expect(repository.mainWorktree == fixture.app, "from \(path)")
            #expect(repository.path == fixture.app, "from \(path)")
        }
    }

    @Test func `without a checkout is named by its git directory`() async throws {
        try fixture.sh("git clone -q --bare app bare.git && git -C bare.git worktree add -q ../side main")
        for path in ["/bare.git", "/side"] {
            let repository = try await fixture.repository(at: fixture.root + path)
            #expect(repository.mainWorktree == nil)
            #expect(repository.path == fixture.root + "/bare.git")
            #expect(repository.name == "bare")
        }
        #expect(try await fixture.repository(at: fixture.root + "/side").worktrees().map(\.isBare) == [true, false])
    }

    @Test func `that is a submodule or has its git directory elsewhere knows its checkout`() async throws {
        try fixture.sh(
            """
            git init -q lib && cd lib && git commit -q --allow-empty -m lib && cd ..
            git -C app submodule --quiet add ../lib lib
            git init -q --separate-git-dir apart.git apart && cd apart && git commit -q --allow-empty -m apart
            """)
        let submodule = try await fixture.repository(at: fixture.app + "/lib")
        #expect(submodule.mainWorktree == fixture.app + "/lib")
        #expect(submodule.gitCommonDirectory == fixture.app + "/.git/modules/lib")
        let apart = try await fixture.repository(at: fixture.root + "/apart")
        #expect(apart.mainWorktree == fixture.root + "/apart")
        #expect(apart.gitCommonDirectory == fixture.root + "/apart.git")
    }

    @Test func `is absent only when nothing is at the path`() async throws {
        guard case .absent = try await Repository.open(at: fixture.root + "/nothing", git: fixture.git) else {
            Issue.record("nothing is there")
            return
        }
        guard case .notARepository(let why) = try await Repository.open(at: fixture.managedRoot, git: fixture.git)
        else {
            Issue.record("an empty directory is no repository")
            return
        }
        #expect(why.contains("not a git repository"))
        guard case .notARepository = try await Repository.open(at: fixture.app + "/a.txt/x", git: fixture.git) else {
            Issue.record("a file on the way is not the same as nothing")
            return
        }
    }

    @Test func `that lost its git directory is not replaced by one further up`() async throws {
        try fixture.sh("mkdir app/inner && git init -q app/inner")
        let inner = fixture.app + "/inner"
        guard case .opened = try await Repository.reopen(at: inner, git: fixture.git) else {
            Issue.record("it is there")
            return
        }
        try fixture.sh("rm -rf app/inner/.git")
        guard case .notARepository(let why) = try await Repository.reopen(at: inner, git: fixture.git) else {
            Issue.record("it is gone")
            return
        }
        #expect(why == "\(inner) is now part of the repository \(fixture.app)")
    }

    @Test func `names a directory for its worktrees that needs no quoting`() async throws {
        try fixture.sh("git init -q 'odd näme.git' && git init -q ./...")
        #expect(try await fixture.repository(at: fixture.root + "/odd näme.git").name == "odd_n_me")
        #expect(try await fixture.repository(at: fixture.root + "/...").name == "repository")
        let repository = Repository(git: fixture.git, gitCommonDirectory: "/srv/app/.git", mainWorktree: "/srv/app")
        #expect(repository.hash8 == "7c4a1077")
        #expect(repository.directoryName == "app-7c4a1077")
        let other = Repository(git: fixture.git, gitCommonDirectory: "/opt/app/.git", mainWorktree: "/opt/app")
        #expect(other.name == repository.name && other.hash8 != repository.hash8)
    }

    @Test func `lists its worktrees with locks, detached heads and odd names`() async throws {
        let repository = try await fixture.repository()
        let head = try fixture.sh("git rev-parse HEAD", in: fixture.app)
        try fixture.sh(
            """
            git worktree add -q -b topic/x ../side
            git worktree add -q --detach "../new
            line"
            git worktree lock --reason 'on a disk
            that is away' ../side
            git worktree add -q -b gone ../gone && rm -rf ../gone
            """, in: fixture.app)
        let worktrees = try await repository.worktrees()
        #expect(worktrees.count == 4)
        #expect(worktrees[0] == RegisteredWorktree(path: ByteString(fixture.app), head: head, branch: "main"))
        let byPath = Dictionary(uniqueKeysWithValues: worktrees.map { ($0.path.description, $0) })
        let side = try #require(byPath[fixture.root + "/side"])
        #expect(side.branch == "topic/x")
        #expect(side.lockReason == "on a disk\nthat is away")
        let odd = try #require(byPath[fixture.root + "/new\\nline"])
        #expect(odd.branch == nil && odd.head == head)
        #expect(byPath[fixture.root + "/gone"]?.pruneReason != nil)
        #expect(try await repository.checkout(ofBranch: "topic/x")?.path == ByteString(fixture.root + "/side"))
        #expect(try await repository.checkout(ofBranch: "topic") == nil)
    }

    @Test func `resolves what is a commit and nothing else`() async throws {
        let repository = try await fixture.repository()
        let head = try fixture.sh("git tag -a v1 -m v1 && git rev-parse HEAD", in: fixture.app)
        for name in ["main", "HEAD", "v1", head, String(head.prefix(10))] {
            #expect(try await repository.commit(of: name) == head, "\(name)")
        }
        for name in ["nothing", "", "--all", "-x", "main\0", "main:a.txt", "\n"] {
            #expect(try await repository.commit(of: name) == nil, "\(name)")
        }
        #expect(try await repository.hasBranch("main"))
        #expect(try await !repository.hasBranch("v1"))
        #expect(try await !repository.hasBranch("HEAD"))
    }

    @Test(arguments: [
        ("main", true), ("topic/x", true), ("ünïcode", true), ("-x", false), ("--orphan", false), ("a b", false),
        ("a..b", false), ("@{-1}", false), ("HEAD", false), ("a.lock", false), ("", false), ("a\0b", false),
        ("a\n", false),
        ("a~1", false), ("a:b", false),
    ])
    func `takes for a branch name what git takes`(name: String, isValid: Bool) async throws {
        // So that `@{-1}` stands for a branch.
        try fixture.sh("git checkout -q -b other", in: fixture.app)
        #expect(try await fixture.repository().isValidBranchName(name) == isValid)
    }
}

@Suite struct `A plan for a worktree` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    @Test func `makes a new branch that follows nothing, at a path without its name`() async throws {
        try fixture.sh("git clone -q app clone")
        let repository = try await fixture.repository(at: fixture.root + "/clone")
        let base = try #require(try await repository.commit(of: "origin/main"))
        let plan = WorktreePlan(
            repository: repository, workspace: "w1aaaa", start: .new(branch: "topic/x", base: base),
            managedRoot: fixture.managedRoot)
        #expect(plan.path == "\(fixture.managedRoot)/clone-\(repository.hash8)/w1aaaa")
        #expect(
            plan.arguments == [
                "git", "-C", fixture.root + "/clone", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c",
                "maintenance.auto=false", "worktree", "add", "--no-track", "-b", "topic/x", "--", plan.path, base,
            ])
        try fixture.run(plan.arguments, in: "/", WorktreePlan.environment(from: fixture.environment))
        #expect(try fixture.sh("git symbolic-ref HEAD", in: plan.path) == "refs/heads/topic/x")
        #expect(throws: GitFixture.CommandFailed.self) { try fixture.sh("git rev-parse @{upstream}", in: plan.path) }
    }

    @Test func `checks out a branch that exists and runs its hooks`() async throws {
        try fixture.sh(
            """
            git branch topic
            printf '#!/bin/sh\\ntouch ran\\n' > .git/hooks/post-checkout && chmod +x .git/hooks/post-checkout
            """, in: fixture.app)
        let plan = WorktreePlan(
            repository: try await fixture.repository(), workspace: "w2bbbb", start: .existing(branch: "topic"),
            managedRoot: fixture.managedRoot)
        try fixture.run(plan.arguments, in: "/", WorktreePlan.environment(from: fixture.environment))
        #expect(try fixture.sh("git symbolic-ref --short HEAD", in: plan.path) == "topic")
        #expect(try fixture.exists(plan.path + "/ran"))
    }

    @Test func `leaves the language alone and lets git ask nobody`() {
        let environment = WorktreePlan.environment(from: ["LANG": "de_DE.UTF-8", "GIT_DIR": "/x", "HOME": "/h"])
        #expect(
            environment == [
                "LANG": "de_DE.UTF-8", "HOME": "/h", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "",
                "SSH_ASKPASS_REQUIRE": "never",
            ])
    }
}
