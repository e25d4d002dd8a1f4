import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `Deleting a workspace` {
    /// Each evades in its own way and says `ready` once it does.
    static let evasions: [(name: String, script: String)] = [
        ("an interactive shell", "echo ready; exec /bin/bash -i"),
        ("a background job", "sleep 1000 & echo ready; wait"),
        ("nohup", "nohup sleep 1000 >/dev/null 2>&1 & echo ready; exec sleep 1000"),
        ("setsid", "setsid sleep 1000 >/dev/null 2>&1 < /dev/null & echo ready; exec sleep 1000"),
        (
            "a double fork with closed descriptors",
            "( ( setsid sh -c 'exec 0<&- 1>&- 2>&-; sleep 1000' ) & ) ; echo ready; exec sleep 1000"
        ),
        (
            "a loop that ignores SIGTERM and SIGHUP",
            "trap '' TERM HUP; echo ready; while :; do sleep 1000; done"
        ),
        ("a stopped process", "sleep 1000 & kill -STOP $!; echo ready; wait"),
        ("a cleared environment", "env -i setsid sleep 1000 & echo ready; wait"),
        ("a writer into the worktree", "echo ready; while :; do date >> written; sleep 0.01; done"),
    ]

    @Test func `ends every evasive process and says confirmed only then (I2)`() async throws {
        try await Fixture.run { fixture in
            let doomed = try await fixture.workspace("doomed")
            let other = try await fixture.workspace("other")
            let bystander = try await fixture.session(other, "echo ready; exec sleep 1000")
            for (name, script) in Self.evasions {
                let session = try await fixture.session(doomed, script)
                try await SessionReader(fixture.client, session.id).waitFor("ready")
                #expect(session.status == .active, "\(name)")
            }
            #expect(try fixture.world.inUnit(doomed.slice).count >= Self.evasions.count)

            let receipt = try await fixture.client.deleteWorkspace(doomed.id, DeleteWorkspaceOptions(force: true))

            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.outcome == .confirmed)
            #expect(receipt.confirmedAt != nil)
            #expect(receipt.sessions.count == Self.evasions.count)
            #expect(receipt.sessions.allSatisfy { $0.outcome == .confirmed })
            #expect(receipt.worktree == .removed)
            #expect(try fixture.world.inUnit(doomed.slice).isEmpty)
            #expect(try fixture.world.tagged("CORRAL_WORKSPACE", doomed.id).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: doomed.path))
            #expect(try !fixture.repository.git("worktree list").contains(doomed.id))
            #expect(try await fixture.client.session(bystander.id).members == 1)
            #expect(try fixture.world.inUnit(other.slice).count == 1)
        }
    }

    @Test func `of a dirty worktree is refused and changes nothing`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "echo ready; exec sleep 1000")
            try Shell.run("echo new > untracked", in: workspace.path)
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } == "dirty")
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            #expect(try await fixture.client.session(session.id).members == 1)
            #expect(FileManager.default.fileExists(atPath: workspace.path + "/untracked"))
            let receipt = try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(force: true))
            #expect(receipt.state == .deleted)
            #expect(!FileManager.default.fileExists(atPath: workspace.path))
        }
    }

    @Test func `keeps commits that a session makes while it is being torn down`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            // Writes a file when it is told to go: the first check saw a clean tree, the second must not.
            let session = try await fixture.session(
                workspace, "trap 'echo late > late; exit' HUP TERM; echo ready; while :; do sleep 0.05; done")
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } != nil)
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            #expect(FileManager.default.fileExists(atPath: workspace.path + "/late"))
            let receipt = try await fixture.client.receipts(workspace: workspace.id)
            #expect(receipt.first?.state == .kept)
            #expect(receipt.first?.sessions.first?.outcome == .confirmed)
        }
    }

    @Test func `keeps a commit on no branch that a session makes while it is being torn down`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            // Detached at a commit that a branch contains: the first check finds nothing that would be lost.
            let commit =
                "echo late > late; git add late; git -c user.name=T -c user.email=t@e.org commit -qm late; exit"
            let session = try await fixture.session(
                workspace,
                "git checkout -q --detach; trap 'trap \"\" HUP TERM; \(commit)' HUP; echo ready; while :; do sleep 0.05; done"
            )
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } == "kept")
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            #expect(try Shell.run("git log -1 --format=%s; git status --porcelain", in: workspace.path) == "late\n")
            #expect(
                try fixture.repository.git("branch --contains $(git -C '\(workspace.path)' rev-parse HEAD)").isEmpty)
            let receipt = try #require(try await fixture.client.receipts(workspace: workspace.id).first)
            #expect(receipt.state == .kept)
            #expect(receipt.sessions.map(\.outcome) == [.confirmed])
            #expect(receipt.worktree == .kept)
        }
    }

    @Test func `answers a second delete with the receipt of the first, and an unknown id with not found`() async throws
    {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let first = try await fixture.client.deleteWorkspace(workspace.id)
            let second = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(first.id == second.id)
            #expect(second.state == .deleted)
            #expect(
                try await Fixture.code { try await fixture.client.deleteWorkspace("wunknown") } == "workspace_not_found"
            )
            #expect(
                try await Fixture.code {
                    try await fixture.client.createWorkspace(
                        CreateWorkspaceRequest(repository: fixture.repository.path, branch: "again", id: workspace.id))
                } == "id_used")
        }
    }

    @Test func `never removes an adopted directory`() async throws {
        try await Fixture.run { fixture in
            let place = fixture.directory.path + "/mine"
            try Shell.run("mkdir mine; echo precious > mine/file", in: fixture.directory.path)
            let workspace = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: place)
            ).document
            _ = try await fixture.session(workspace, "exec sleep 1000")
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.state == .deleted)
            #expect(receipt.worktree == .notOurs)
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)
            #expect(FileManager.default.fileExists(atPath: place + "/file"))
        }
    }

    /// A session in any directory was in the workspace `/`, and a delete looked at the whole machine as its worktree.
    @Test func `is not made of a directory in which Corral itself has its state`() async throws {
        try await Fixture.run { fixture in
            for path in ["/", fixture.host.place.state, fixture.host.place.state + "/.."] {
                do {
                    _ = try await fixture.client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: path))
                    Issue.record("\(path) was adopted")
                } catch HostClientFailure.problem(let problem) {
                    #expect(problem.detail.contains("Corral's own state lies in it"), "\(problem.detail)")
                }
            }
        }
    }

    @Test func `deletes the branch only when asked and merged`() async throws {
        try await Fixture.run { fixture in
            let kept = try await fixture.workspace("kept")
            let merged = try await fixture.workspace("merged")
            let unmerged = try await fixture.workspace("unmerged")
            try Shell.run(
                "echo more > more; git add more; git -c user.name=T -c user.email=t@e.org commit -qm more",
                in: unmerged.path)
            #expect(try await fixture.client.deleteWorkspace(kept.id).branch == .kept)
            #expect(
                try await fixture.client.deleteWorkspace(merged.id, DeleteWorkspaceOptions(deleteBranch: true)).branch
                    == .removed)
            let receipt = try await fixture.client.deleteWorkspace(
                unmerged.id, DeleteWorkspaceOptions(deleteBranch: true))
            #expect(receipt.branch == .kept)
            #expect(!receipt.warnings.isEmpty)
            let branches = try fixture.repository.git("branch --format='%(refname:short)'").split(separator: "\n")
            #expect(Set(branches) == ["kept", "unmerged", "main"])
        }
    }

    @Test func `with force deletes an unmerged branch too, and names the commit that it was at`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace("unmerged")
            try Shell.run(
                "echo more > more; git add more; git -c user.name=T -c user.email=t@e.org commit -qm more",
                in: workspace.path)
            let commit = try fixture.repository.git("rev-parse unmerged").trimmingCharacters(in: .newlines)
            let receipt = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, deleteBranch: true))
            #expect(receipt.state == .deleted)
            #expect(receipt.branch == .removed)
            #expect(receipt.warnings.contains { $0.contains("unmerged") && $0.contains(commit) }, "\(receipt.warnings)")
            #expect(try fixture.repository.git("branch --list unmerged").isEmpty)
            // By that name it can be had back.
            #expect(try fixture.repository.git("log -1 --format=%s \(commit)") == "more\n")
        }
    }

    @Test func `does not stop when the client that asked for it goes away (I7)`() async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            let workspace = try await fixture.workspace()
            _ = try await fixture.session(workspace, "trap '' TERM HUP; echo ready; while :; do sleep 1000; done")
            // A client that goes before its request has arrived proves nothing.
            let request = try await fixture.delete(workspace, upTo: "destroyStop", checkpoints)
            request.cancel()
            if case .success(let receipt) = await request.result { Issue.record("it was answered with \(receipt)") }
            try await checkpoints.resume("destroyStop")
            try await fixture.eventually("the delete is done, with nobody asking") {
                try await fixture.client.receipts(workspace: workspace.id).first?.state == .deleted
            }
            #expect(try await fixture.client.receipts(workspace: workspace.id).count == 1)
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: workspace.path))
        }
    }

    @Test(arguments: ["sessionInserted", "leaderParked", "scopeStarted", "leaderVerified"])
    func `refuses a session that is created meanwhile, and leaks none (I9)`(place: String) async throws {
        try await race(with: place) { answer, receipt in
            #expect(answer != nil, "created at \(place)")
            #expect(receipt.sessions.isEmpty, "\(receipt)")
        }
    }

    /// Past its deciding transaction the session belongs to the workspace: whatever its client is told, it goes with it.
    @Test(arguments: ["sessionActivated", "leaderReleased"])
    func `ends a session that was activated before its tombstone and is started meanwhile (I9)`(
        place: String
    ) async throws {
        try await race(with: place) { _, receipt in
            #expect(receipt.sessions.map(\.outcome) == [.confirmed], "\(receipt)")
        }
    }

    /// Stops a creation at a place, lets a delete run as far as it can without it, and lets the creation go on then.
    private func race(
        with place: String, _ judge: (String?, ReceiptDocument) -> Void
    ) async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            let workspace = try await fixture.workspace()
            // `git worktree add` ran as a session too: from here on only ours stops.
            try checkpoints.pause(at: place)
            let creation = Task {
                try await Fixture.code {
                    try await fixture.session(workspace, "echo leaked > leaked; exec sleep 1000")
                }
            }
            try await checkpoints.waitUntilReached(place)
            let deletion = try await fixture.delete(
                workspace, DeleteWorkspaceOptions(force: true, teardown: .skip), upTo: "destroyStop", checkpoints)
            try await checkpoints.resume("destroyStop")
            // It waits for the creation here, which has deadlines of its own; nothing is on its way to the disk before that.
            #expect(try await fixture.client.workspace(workspace.id).state == .deleting)
            #expect(FileManager.default.fileExists(atPath: workspace.path))
            try await checkpoints.resume(place)
            let answer = try await creation.value
            let receipt = try await deletion.value
            #expect(receipt.state == .deleted, "paused at \(place): \(receipt)")
            #expect(receipt.outcome == .confirmed, "paused at \(place): \(receipt)")
            judge(answer, receipt)
            #expect(try fixture.world.tagged("CORRAL_WORKSPACE", workspace.id).isEmpty, "paused at \(place)")
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty, "paused at \(place)")
            #expect(try await fixture.client.sessions().isEmpty, "paused at \(place)")
            #expect(!FileManager.default.fileExists(atPath: workspace.path))
        }
    }
}
