import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A freeze` {
    /// Prints a line whenever it gets one.
    private static let echo = "stty -echo; echo ready; while read -r line; do echo \"got $line\"; done"

    private func ready(
        _ fixture: Fixture, _ workspace: WorkspaceDocument, _ script: String = echo
    ) async throws -> SessionDocument {
        let session = try await fixture.session(workspace, script)
        try await SessionReader(fixture.client, session.id).waitFor("ready")
        return session
    }

    @Test func `of a workspace stops all in it, is shown everywhere, and ends with a thaw`() async throws {
        try await Fixture.run { fixture in
            let client = fixture.client
            let workspace = try await fixture.workspace()
            let other = try await fixture.workspace("other")
            let session = try await ready(fixture, workspace)
            let beside = try await ready(fixture, other)
            try await EventWatcher.run(client) { watcher in
                #expect(try await client.freezeWorkspace(workspace.id).frozen == true)
                #expect(try await client.freezeWorkspace(workspace.id).frozen == true, "twice is no error")
                #expect(try await client.session(session.id).frozen == true)
                #expect(try await client.workspaces().map(\.frozen) == [true, false])
                #expect(try await client.sessions(workspace: other.id).map(\.frozen) == [false])
                #expect(try await client.status().frozenWorkspaces == 1)
                let input = try await Fixture.code { try await client.sendInput(Array("1\n".utf8), to: session.id) }
                #expect(input == "frozen")
                #expect(try await Fixture.code { try await fixture.session(workspace, "true") } == "frozen")
                #expect(try await Fixture.code { try await client.thawSession(session.id) } == "frozen")
                #expect(try await client.thawWorkspace(workspace.id).frozen == false)
                #expect(try await client.thawWorkspace(workspace.id).frozen == false)
                let thawed = try await watcher.wait(for: .thawed)
                #expect(thawed.workspace == workspace.id)
                let kinds = watcher.events.map(\.kind).filter { $0 == .frozen || $0 == .thawed }
                #expect(kinds == [.frozen, .thawed])
            }
            try await client.sendInput(Array("2\n".utf8), to: session.id)
            let text = try await SessionReader(client, session.id).waitFor("got 2")
            #expect(!text.contains("got 1"), "refused input is not typed later")
            _ = try await fixture.session(workspace, "true")
            try await client.sendInput(Array("3\n".utf8), to: beside.id)
            try await SessionReader(client, beside.id).waitFor("got 3")
        }
    }

    // systemd cancels the one for the other: the freeze waited for its deadline, and named a process that waited for a device.
    @Test func `and a thaw at the same moment come both to an end`() async throws {
        try await Fixture.run { fixture in
            let client = fixture.client
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            for _ in 0..<12 {
                async let frozen = Fixture.code { try await client.freezeWorkspace(workspace.id) }
                async let held = Fixture.code { try await client.freezeSession(session.id) }
                async let thawed = Fixture.code { try await client.thawSession(session.id) }
                #expect(try await frozen == nil)
                #expect(try await held == nil)
                #expect(try await [nil, "frozen"].contains(thawed))
                #expect(try await client.thawWorkspace(workspace.id).frozen == false)
            }
        }
    }

    @Test func `of a session leaves the others alone`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await ready(fixture, workspace)
            let beside = try await ready(fixture, workspace)
            #expect(try await fixture.client.freezeSession(session.id).frozen == true)
            #expect(try await fixture.client.workspace(workspace.id).frozen == false)
            try await fixture.client.sendInput(Array("1\n".utf8), to: beside.id)
            try await SessionReader(fixture.client, beside.id).waitFor("got 1")
            #expect(try await fixture.client.killSession(session.id).outcome == .confirmed)
            let again = try await ready(fixture, workspace)
            #expect(try await fixture.client.freezeSession(again.id).frozen == true)
            #expect(try await fixture.client.thawSession(again.id).frozen == false)
            #expect(try await Fixture.code { try await fixture.client.freezeSession(session.id) } == "session_ended")
        }
    }

    @Test func `needs something that runs`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let code = try await Fixture.code { try await fixture.client.freezeWorkspace(workspace.id) }
            #expect(code == "nothing_to_freeze")
            #expect(
                try await Fixture.code { try await fixture.client.freezeWorkspace("nosuch") } == "workspace_not_found")
        }
    }

    @Test func `does not keep one session from being killed, nor frees the others for it`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await ready(fixture, workspace)
            let beside = try await ready(fixture, workspace)
            _ = try await fixture.client.freezeWorkspace(workspace.id)
            #expect(try await fixture.client.killSession(session.id).outcome == .confirmed)
            #expect(try await fixture.client.session(beside.id).frozen == true)
            #expect(try await fixture.client.workspace(workspace.id).frozen == true)
        }
    }

    /// Symptom: the freeze was answered, or failed after 10 s for a process that it said waits for a device; the workspace ran on, and its
    /// other sessions stayed frozen. Cause: systemd before 257 thaws the slices around what it is told to stop.
    @Test func `outlasts the kill of a session that began before it`() async throws {
        try await Fixture.run { fixture in
            let client = fixture.client
            let workspace = try await fixture.workspace()
            let killed = try await ready(
                fixture, workspace,
                "trap 'echo hung up' HUP; trap '' TERM; echo ready; while :; do sleep 0.1; done")
            let beside = try await ready(fixture, workspace)
            async let end = client.killSession(killed.id)
            try await SessionReader(client, killed.id).waitFor("hung up")
            #expect(try await client.freezeWorkspace(workspace.id).frozen == true)
            #expect(try await end.outcome == .confirmed)
            #expect(try await end.durationMs < 4000, "what is frozen is not waited for")
            try await fixture.eventually("what is left is frozen") {
                try await client.workspace(workspace.id).frozen == true
            }
            #expect(try await client.session(beside.id).frozen == true)
            #expect(try await client.thawWorkspace(workspace.id).frozen == false)
            try await client.sendInput(Array("1\n".utf8), to: beside.id)
            try await SessionReader(client, beside.id).waitFor("got 1")
        }
    }

    /// Symptom: a teardown script was frozen, and the delete given up for it after its whole time. Cause: only the freeze of a workspace
    /// looked whether that is being deleted.
    @Test func `of a session is refused while it or its workspace is being ended`() async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            let client = fixture.client
            let workspace = try await fixture.workspace()
            let killed = try await ready(fixture, workspace)
            let other = try await ready(fixture, workspace)
            try checkpoints.pause(at: "killStamped")
            let kill = Task { try await client.killSession(killed.id) }
            try await checkpoints.waitUntilReached("killStamped")
            #expect(try await Fixture.code { try await client.freezeSession(killed.id) } == "conflict")
            try await checkpoints.resume("killStamped")
            #expect(try await kill.value.outcome == .confirmed)
            let delete = try await fixture.delete(workspace, upTo: "destroyTeardown", checkpoints)
            #expect(try await Fixture.code { try await client.freezeSession(other.id) } == "workspace_deleting")
            #expect(try await client.session(other.id).frozen == false)
            try await checkpoints.resume("destroyTeardown")
            #expect(try await delete.value.state == .deleted)
        }
    }

    @Test func `does not keep a delete from asking first: nothing has to be killed`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            for _ in 0..<5 { _ = try await ready(fixture, workspace) }
            _ = try await fixture.client.freezeWorkspace(workspace.id)
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.state == .deleted)
            #expect(receipt.outcome == .confirmed)
            #expect(receipt.sessions.map(\.ended) == Array(repeating: .hangup, count: 5))
        }
    }

    // The second half: a workspace whose delete was given up ran on, though somebody had frozen it.
    @Test func `does not keep the teardown script from running, and comes back when that fails`() async throws {
        try await Fixture.run { fixture in
            let mark = fixture.directory.path + "/torn"
            try fixture.repository.commitScript("teardown", "echo torn > \(mark); test ! -e \(mark).not")
            _ = try await fixture.client.trustRepository(fixture.repository.path)
            let workspace = try await fixture.workspace()
            _ = try await ready(fixture, workspace)
            _ = try await fixture.client.freezeWorkspace(workspace.id)
            try Shell.run("touch '\(mark).not'")
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } != nil)
            #expect(FileManager.default.fileExists(atPath: mark))
            try await fixture.eventually("it is frozen again") {
                try await fixture.client.workspace(workspace.id).frozen == true
            }
            try Shell.run("rm '\(mark).not'")
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
        }
    }

    @Test func `is told to who is attached, whoever did it, and drops what they type`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await ready(fixture, workspace)
            let manager = Ground.isSystem ? "--system" : "--user"
            let told = Locked<[AttachMessage.Kind]>([])
            let attached = Task {
                try await AttachedClient(fixture.client, session.id).run(within: .seconds(60)) { event in
                    if case .message(let message) = event { told.withLock { $0.append(message.type) } }
                    return told.withLock { $0.count { $0 == .thawed } } == 2
                }
            }
            func wait(_ kinds: [AttachMessage.Kind]) async throws {
                try await fixture.eventually("told \(kinds)") {
                    told.withLock { $0.filter { [.frozen, .thawed].contains($0) } } == kinds
                }
            }
            try await fixture.eventually("attached") { try await fixture.client.session(session.id).attached == 1 }
            _ = try await fixture.client.freezeWorkspace(workspace.id)
            try await wait([.frozen])
            _ = try await fixture.client.thawWorkspace(workspace.id)
            try await wait([.frozen, .thawed])
            try Shell.run("systemctl \(manager) freeze \(session.unit)")
            try await wait([.frozen, .thawed, .frozen])
            try Shell.run("systemctl \(manager) thaw \(session.unit)")
            #expect(try await attached.value)
        }
    }

    @Test func `comes by itself when nobody uses a workspace, and goes when somebody does`() async throws {
        try await Fixture.run { fixture in
            let client = fixture.client
            let workspace = try await client.createWorkspace(
                CreateWorkspaceRequest(repository: fixture.repository.path, branch: "idle", freezeIdle: 1)
            ).document
            #expect(workspace.freezeIdle == 1)
            let busy = try await client.createWorkspace(
                CreateWorkspaceRequest(repository: fixture.repository.path, branch: "busy", freezeIdle: 1)
            ).document
            let spinning = try await ready(fixture, busy, "echo ready; while :; do :; done")
            let session = try await ready(fixture, workspace)
            try await EventWatcher.run(client) { watcher in
                let frozen = try await watcher.wait(for: .frozen)
                #expect(frozen.workspace == workspace.id)
                #expect(frozen.outcome == "idle")
                #expect(try await client.session(session.id).frozen == true)
                // By input, which arrives.
                try await client.sendInput(Array("1\n".utf8), to: session.id)
                try await watcher.wait(for: .thawed)
                // By an attachment, for as long as it lasts and a while after.
                try await fixture.eventually("it is frozen again") {
                    try await client.session(session.id).frozen == true
                }
                try await SessionReader(client, session.id).waitFor("got 1")
                try await watcher.wait(for: .thawed) { $0.outcome == "attached" }
                _ = try await client.changeWorkspace(workspace.id, ChangeRequest(freezeIdle: 0))
                #expect(try await client.workspace(workspace.id).freezeIdle == nil)
                #expect(try await client.session(spinning.id).frozen == false, "it takes a whole processor")
            }
        }
    }

    /// Symptom: a workspace that had frozen by itself refused new sessions, and did not say how to change that.
    @Test func `goes for a new session when nobody asked for it, and else says how`() async throws {
        try await Fixture.run { fixture in
            let client = fixture.client
            let workspace = try await client.createWorkspace(
                CreateWorkspaceRequest(repository: fixture.repository.path, branch: "idle", freezeIdle: 1)
            ).document
            _ = try await ready(fixture, workspace)
            try await EventWatcher.run(client) { watcher in
                try await watcher.wait(for: .frozen) { $0.outcome == "idle" }
                _ = try await ready(fixture, workspace)
                try await watcher.wait(for: .thawed) { $0.outcome == "a new session" }
            }
            _ = try await client.freezeWorkspace(workspace.id)
            do {
                _ = try await fixture.session(workspace, "true")
                Issue.record("a session was started in a workspace that somebody froze")
            } catch HostClientFailure.problem(let problem) {
                #expect(problem.code == "frozen")
                #expect(problem.detail.contains("corral workspace thaw \(workspace.id)"), "\(problem.detail)")
            }
            #expect(try await client.workspace(workspace.id).frozen == true)
        }
    }

    /// What woke the workspace thawed all in it, also the session that somebody had frozen, who was not told.
    @Test func `that somebody asked for of a session outlives an idle freeze of its workspace`() async throws {
        try await Fixture.run { fixture in
            let client = fixture.client
            let workspace = try await client.createWorkspace(
                CreateWorkspaceRequest(repository: fixture.repository.path, branch: "idle", freezeIdle: 1)
            ).document
            let kept = try await ready(fixture, workspace)
            let used = try await ready(fixture, workspace)
            try await EventWatcher.run(client) { watcher in
                _ = try await client.freezeSession(kept.id)
                try await watcher.wait(for: .frozen) { $0.session == nil && $0.outcome == "idle" }
                try await client.sendInput(Array("1\n".utf8), to: used.id)
                try await SessionReader(client, used.id).waitFor("got 1")
                #expect(try await client.session(kept.id).frozen == true)
                let input = try await Fixture.code { try await client.sendInput(Array("1\n".utf8), to: kept.id) }
                #expect(input == "frozen")
            }
        }
    }

    /// A client that repeats its request after a lost answer was told that the workspace is frozen, of a session that is there.
    @Test func `does not keep a request for a session from being repeated`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let request = CreateSessionRequest(id: "again1", command: ["/bin/sleep", "1000"])
            let session = try await fixture.client.createSession(in: workspace.id, request).document
            _ = try await fixture.client.freezeWorkspace(workspace.id)
            #expect(try await fixture.client.createSession(in: workspace.id, request).document.id == session.id)
            let other = CreateSessionRequest(id: "again2", command: ["/bin/sleep", "1000"])
            let code = try await Fixture.code { try await fixture.client.createSession(in: workspace.id, other) }
            #expect(code == "frozen")
        }
    }

    @Test func `that a person asked for is not undone by coming to it`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await ready(fixture, workspace)
            _ = try await fixture.client.freezeWorkspace(workspace.id)
            try await AttachedClient(fixture.client, session.id).run(within: .seconds(30)) { event in
                if case .message(let message) = event { message.type == .frozen } else { false }
            }
            #expect(try await fixture.client.session(session.id).frozen == true)
        }
    }
}
