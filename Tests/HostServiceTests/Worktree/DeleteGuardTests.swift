import CgroupPty
import Testing

@testable import HostService

@Suite struct `The guard before a delete` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    private func judge(
        _ path: String, others: [String: String] = [:], repositories: [String: String] = [:]
    ) async throws -> DeleteGuard.Verdict {
        let repository = try await fixture.repository()
        return DeleteGuard(
            repository: repository, registered: try await repository.worktrees(), otherWorkspaces: others,
            otherRepositories: repositories
        ).judge(path)
    }

    @Test func `lets a worktree go, there or not`() async throws {
        let path = try await fixture.worktree()
        _ = try await fixture.worktree("w2bbbb")
        #expect(try await judge(path) == .allowed)
        #expect(try await judge(path + "/") == .allowed)
        try fixture.sh("rm -rf '\(path)'")
        #expect(try await judge(path) == .allowed)
        #expect(
            DeleteGuard(
                repository: nil, registered: [], otherWorkspaces: ["w2bbbb": path + "x"], otherRepositories: [:]
            ).judge(path)
                == .allowed)
    }

    @Test func `keeps the repository's own checkout, also behind a link or with the repository inside`() async throws {
        try fixture.sh("ln -s app link && ln -s . here")
        for path in ["/app", "/app/", "/link", "/here/app", "/here/link", ""] {
            #expect(try await judge(fixture.root + path) == .mainWorktree(fixture.app), "\(path)")
        }
        #expect(try await judge(fixture.app + "/.git") == .mainWorktree(fixture.app + "/.git"))
        #expect(try await judge(fixture.app + "/src") == .allowed, "what is below is no concern of this guard")
    }

    @Test func `keeps what other worktrees lie in`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("git worktree add -q -b inner '\(path)/ignored/inner'", in: fixture.app)
        #expect(try await judge(path) == .nested(["worktree \(path)/ignored/inner"]))
        #expect(try await judge(path + "/ignored/inner") == .allowed)
        // Also where its directory is away: it is registered still.
        try fixture.sh("rm -rf '\(path)/ignored'")
        #expect(try await judge(path) == .nested(["worktree \(path)/ignored/inner"]))
    }

    @Test func `keeps what other workspaces lie in, by their real paths`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mkdir '\(path)/sub' && ln -s '\(path)/sub' shortcut")
        #expect(try await judge(path, others: ["wbeside": path + "2", "wabove": fixture.managedRoot]) == .allowed)
        #expect(
            try await judge(
                path, others: ["wsame": path, "wlink": fixture.root + "/shortcut", "wbelow": path + "/gone/x"])
                == .nested([
                    "workspace wbelow at \(path)/gone/x", "workspace wlink at \(fixture.root)/shortcut",
                    "workspace wsame at \(path)",
                ]))
    }

    // Symptom: a workspace whose repository lay in another one lost it, with its commits and index, when that was deleted. Cause: only the
    // workspaces' own paths were looked at.
    @Test func `keeps what the repositories of other workspaces lie in`() async throws {
        let path = try await fixture.worktree()
        #expect(
            try await judge(path, repositories: [path + "2": "wbeside", fixture.app: "wsame"]) == .allowed)
        #expect(
            try await judge(path, repositories: [path + "/ignored/clone": "wclone"])
                == .nested(["the repository of workspace wclone at \(path)/ignored/clone"]))
    }

    @Test func `sees through a link that took the worktree's place`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mv '\(path)' aside && ln -s '\(fixture.app)' '\(path)'")
        #expect(try await judge(path) == .mainWorktree(fixture.app))
        let other = try await fixture.worktree("w2bbbb")
        try fixture.sh("rm '\(path)' && ln -s '\(other)' '\(path)'")
        #expect(try await judge(path) == .nested(["worktree \(other)"]))
        try fixture.sh("rm '\(path)' && ln -s '\(path)' '\(path)'")
        #expect(try await judge(path) == .allowed, "it leads nowhere; the removal refuses links by itself")
    }

    @Test func `tells which path it is about to resolve, so that one that never answers can be named`() async throws {
        let path = try await fixture.worktree()
        let asked = Locked<[String]>([])
        let verdict = DeleteGuard(
            repository: nil, registered: [], otherWorkspaces: ["wother": fixture.root + "/remote"],
            otherRepositories: [:],
            willResolve: { path in asked.withLock { $0.append(path) } }
        ).judge(path)
        #expect(verdict == .allowed)
        #expect(asked.withLock { $0 } == [path, fixture.root + "/remote"])
    }
}
