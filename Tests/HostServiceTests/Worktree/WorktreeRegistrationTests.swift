import CgroupPty
import Glibc
import Testing

@testable import HostService

@Suite struct `A worktree's registration` {
    let fixture: GitFixture
    private var removal: WorktreeRemoval { fixture.removal }
    private var common: String { fixture.app + "/.git" }

    init() throws { fixture = try GitFixture() }

    /// Moves the worktree aside and returns its name there.
    private func moveAside(_ path: String) throws -> TrashName {
        let identity = try fixture.identity(path)
        let name = TrashName(workspace: "w1aaaa", inode: identity.inode)
        #expect(try removal.moveAside(path, identity: identity, to: name) == .movedAside)
        return name
    }

    private func unregister(_ path: String, _ name: TrashName?, force: Bool = false) throws -> RegistrationOutcome {
        try removal.unregister(path, commonDirectory: common, trashName: name, force: force)
    }

    @Test func `stays while the worktree is in its place, also when forced`() async throws {
        let path = try await fixture.worktree()
        let name = TrashName(workspace: "w1aaaa", inode: 1)
        #expect(try unregister(path, name, force: true) == .disagrees("\(path) is still there"))
        #expect(try unregister(path, nil, force: true) == .disagrees("\(path) is still there"))
        #expect(try fixture.sh("git status --porcelain", in: path).isEmpty)
    }

    @Test func `of a missing worktree goes by what git has alone`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("rm -rf '\(path)'")
        #expect(try unregister(path, nil) == .removed)
        #expect(try unregister(path, nil) == .absent)
        #expect(try !fixture.exists(common + "/worktrees"), "git's empty directory goes too")
    }

    @Test func `that is locked goes only by force, there or missing`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git worktree lock --reason 'not yours' '\(path)'", in: fixture.app)
        let name = try moveAside(path)
        #expect(try unregister(path, name) == .locked(reason: "not yours"))
        #expect(try unregister(path, name, force: true) == .removed)
        let missing = try await fixture.worktree("w2bbbb")
        try fixture.sh("git worktree lock '\(missing)' && rm -rf '\(missing)'", in: fixture.app)
        #expect(try unregister(missing, nil) == .locked(reason: ""))
        #expect(try unregister(missing, nil, force: true) == .removed)
    }

    @Test func `is kept where the worktree's own file names another one`() async throws {
        let path = try await fixture.worktree()
        let other = try await fixture.worktree("w2bbbb")
        try fixture.sh("cp '\(other)/.git' '\(path)/.git'")
        let name = try moveAside(path)
        #expect(
            try unregister(path, name)
                == .disagrees(
                    "the worktree's .git names \(common)/worktrees/w2bbbb, git has it as \(common)/worktrees/w1aaaa"))
        #expect(try unregister(path, name, force: true) == .removed)
        #expect(try fixture.sh("git status --porcelain", in: other).isEmpty, "the other one is whole")
    }

    @Test func `goes where the worktree's own file is lost, and by force where it is spoilt`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("rm '\(path)/.git'")
        #expect(try unregister(path, try moveAside(path)) == .removed)
        let spoilt = try await fixture.worktree("w2bbbb")
        try fixture.sh("rm .git && git init -q", in: spoilt)
        let name = try moveAside(spoilt)
        #expect(try unregister(spoilt, name) == .disagrees("the worktree has become a repository of its own"))
        #expect(try unregister(spoilt, name, force: true) == .removed)
    }

    @Test func `goes with the repository`() async throws {
        let path = try await fixture.worktree()
        let name = try moveAside(path)
        try fixture.sh("mv app away")
        #expect(try unregister(path, name) == .repositoryGone)
        try fixture.sh("touch app")
        #expect(throws: SystemCallFailure(call: "open", subject: common, errno: ENOTDIR)) { try unregister(path, name) }
    }

    @Test func `is found behind a managed root that is a link, and by a relative path`() async throws {
        try fixture.sh("mv worktrees disk && ln -s disk worktrees")
        let path = try await fixture.worktree()
        #expect(try fixture.sh("cat worktrees/w1aaaa/gitdir", in: common).contains("/disk/"))
        #expect(try unregister(path, try moveAside(path)) == .removed)
        let relative = try await fixture.worktree("w2bbbb")
        let directory = ByteString(relative).directory.lastComponent.description
        try fixture.sh(
            """
            echo '../../../../disk/\(directory)/w2bbbb/.git' > worktrees/w2bbbb/gitdir
            echo 'gitdir: ../../../app/.git/worktrees/w2bbbb' > '\(relative)/.git'
            git -C '\(relative)' status
            """, in: common)
        #expect(try unregister(relative, try moveAside(relative)) == .removed)
    }

    @Test func `takes the repositories of its submodules along`() async throws {
        try fixture.sh(
            """
            git init -q lib && git -C lib commit -q --allow-empty -m lib
            git -C app submodule --quiet add ../lib lib && git -C app commit -qm 'with lib'
            """)
        let path = try await fixture.worktree()
        try fixture.sh("git submodule --quiet update --init", in: path)
        let name = try moveAside(path)
        #expect(try unregister(path, name) == .removed)
        #expect(try fixture.sh("ls -d corral* worktrees 2>/dev/null || true", in: common).isEmpty)
        #expect(try fixture.sh("git submodule status", in: fixture.app).contains("lib"), "the main one's stays")
    }

    @Test func `leaves a creation that crashed half-way to be made again`() async throws {
        let path = try await fixture.worktree()
        // As git leaves it when it is killed during the checkout.
        try fixture.sh("echo initializing > '\(common)/worktrees/w1aaaa/locked' && rm -rf src a.txt", in: path)
        let name = try moveAside(path)
        #expect(try unregister(path, name) == .locked(reason: "initializing"))
        #expect(try unregister(path, name, force: true) == .removed)
        let plan = WorktreePlan(
            repository: try await fixture.repository(), workspace: "w1aaaa", start: .existing(branch: "w1aaaa"),
            managedRoot: fixture.managedRoot)
        try fixture.run(plan.arguments, in: "/", WorktreePlan.environment(from: fixture.environment))
        #expect(try fixture.exists(path + "/a.txt"))
    }
}
