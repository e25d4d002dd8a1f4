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

    @Test func `does not stop when the client that asked for it goes away (I7)`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            _ = try await fixture.session(workspace, "trap '' TERM HUP; echo ready; while :; do sleep 1000; done")
            let request = Task { try await fixture.client.deleteWorkspace(workspace.id) }
            request.cancel()
            _ = await request.result
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.state == .deleted)
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)
        }
    }

    @Test func `refuses a session that is created meanwhile, and leaks none (I9)`() async throws {
        for place in ["sessionInserted", "leaderParked", "scopeStarted", "leaderVerified"] {
            let place = place
            var site = try RunningHost.Place()
            let checkpoints = try CheckpointControl(in: site.directory)
            site.environment["CORRAL_TEST_CHECKPOINTS"] = checkpoints.directory
            let fixture = try await Fixture.make(site)
            let workspace = try await fixture.workspace()
            // `git worktree add` ran as a session too: from here on only ours stops.
            try checkpoints.pause(at: place)
            async let creation = Fixture.code {
                try await fixture.session(workspace, "echo leaked > leaked; exec sleep 1000")
            }
            do {
                try await checkpoints.waitUntilReached(place)
            } catch {
                Issue.record(
                    "\(error); the creation was answered with \(try await creation ?? "success"): \(RunningHost.log(site))"
                )
                return
            }
            let deletion = Task {
                try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(teardown: .skip))
            }
            // The tombstone is what the creation must find.
            while try await fixture.client.workspace(workspace.id).state != .deleting { await Task.yield() }
            try await checkpoints.resume(place)
            #expect(try await creation != nil, "created at \(place)")
            let receipt = try await deletion.value
            #expect(receipt.state == .deleted, "paused at \(place): \(receipt)")
            #expect(try fixture.world.tagged("CORRAL_WORKSPACE", workspace.id).isEmpty, "paused at \(place)")
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty, "paused at \(place)")
            try await fixture.end()
        }
    }
}
