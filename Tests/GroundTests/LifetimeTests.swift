import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A lifetime` {
    private func workspace(
        _ fixture: Fixture, _ branch: String, expiresIn: Int? = nil
    ) async throws -> WorkspaceDocument {
        try await fixture.client.createWorkspace(
            CreateWorkspaceRequest(repository: fixture.repository.path, branch: branch, expiresIn: expiresIn)
        ).document
    }

    private func session(
        _ fixture: Fixture, _ workspace: WorkspaceDocument, _ script: String,
        onExit: SessionDocument.OnExit = .kill, maxRuntime: Int? = nil, idleTimeout: Int? = nil
    ) async throws -> SessionDocument {
        try await fixture.client.createSession(
            in: workspace.id,
            CreateSessionRequest(
                onExit: onExit, command: ["/bin/sh", "-c", script], maxRuntime: maxRuntime, idleTimeout: idleTimeout)
        ).document
    }

    @Test func `of a session ends it with that reason, after a warning, however busy it is`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            try await EventWatcher.run(fixture.client) { watcher in
                let forever = try await session(fixture, workspace, "exec sleep 1000")
                let limited = try await session(
                    fixture, workspace, "while :; do echo x; sleep 0.1; done", maxRuntime: 2)
                #expect(limited.maxRuntime == 2)
                let warning = try await watcher.wait(for: .sessionExpiring)
                #expect(warning.session == limited.id)
                #expect(warning.due != nil)
                let end = try await watcher.wait(for: .sessionKilled)
                #expect(end.session == limited.id)
                #expect(end.endReason == .maxRuntime)
                let document = try await fixture.client.session(limited.id)
                #expect(document.status == .disposed)
                #expect(document.endReason == .maxRuntime)
                let lived = try #require(document.endedAt).date.timeIntervalSince(document.createdAt.date)
                #expect((1.8...20).contains(lived), "\(lived)")
                #expect(watcher.events.count { $0.kind == .sessionExpiring } == 1)
                #expect(try await fixture.client.session(forever.id).status == .active)
            }
        }
    }

    @Test func `without use ends a session that is silent, and not one that is used or frozen`() async throws {
        try await Fixture.run { fixture in
            let client = fixture.client
            let workspace = try await fixture.workspace()
            try await EventWatcher.run(client) { watcher in
                let chatty = try await session(
                    fixture, workspace, "while :; do echo x; sleep 0.1; done", idleTimeout: 2)
                let frozen = try await session(fixture, workspace, "exec sleep 1000", idleTimeout: 2)
                _ = try await client.freezeSession(frozen.id)
                let watched = try await session(fixture, workspace, "exec sleep 1000", idleTimeout: 2)
                let looking = Task { try await AttachedClient(client, watched.id).run(within: .seconds(60)) }
                let silent = try await session(fixture, workspace, "exec sleep 1000", idleTimeout: 2)
                let first = try await watcher.wait(for: .sessionKilled)
                #expect(first.session == silent.id)
                #expect(first.endReason == .idleTimeout)
                for id in [chatty.id, frozen.id, watched.id] {
                    #expect(try await client.session(id).status == .active)
                }
                looking.cancel()
                _ = try await looking.value
                try await watcher.wait(for: .sessionKilled) { $0.session == watched.id }
                _ = try await client.thawSession(frozen.id)
                try await watcher.wait(for: .sessionKilled) { $0.session == frozen.id }
                #expect(try await client.session(chatty.id).status == .active)
            }
        }
    }

    // What had been left by a leader that exited went on for ever: only sessions whose leader lived were looked at.
    @Test func `of a session ends also what its leader left behind, and nothing of one that is over`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            try await EventWatcher.run(fixture.client) { watcher in
                let over = try await session(fixture, workspace, "exit 3", onExit: .keep, maxRuntime: 3)
                let left = "setsid sh -c 'trap \"\" HUP; sleep 1000' >/dev/null 2>&1 </dev/null & sleep 0.1; exit 0"
                let limited = try await session(fixture, workspace, left, onExit: .keep, maxRuntime: 3)
                let idle = try await session(fixture, workspace, left, onExit: .keep, idleTimeout: 3)
                for id in [limited.id, idle.id] {
                    try await watcher.wait(for: .sessionKilled) { $0.session == id }
                    #expect(try fixture.world.tagged("CORRAL_SESSION", id).isEmpty)
                }
                #expect(try await fixture.client.session(limited.id).endReason == .maxRuntime)
                #expect(try await fixture.client.session(idle.id).endReason == .idleTimeout)
                #expect(try await fixture.client.session(over.id).endReason == .exited)
            }
        }
    }

    @Test func `of a workspace deletes it by the same saga, with a receipt and a warning`() async throws {
        try await Fixture.run { fixture in
            try await EventWatcher.run(fixture.client) { watcher in
                let kept = try await self.workspace(fixture, "kept", expiresIn: 5)
                let updated = try await fixture.client.changeWorkspace(kept.id, ChangeRequest(expiresIn: 0))
                #expect(updated.expiresAt == nil)
                let workspace = try await self.workspace(fixture, "short", expiresIn: 5)
                #expect(workspace.expiresAt != nil)
                let session = try await fixture.session(workspace, "exec sleep 1000")
                let deleted = try await watcher.wait(for: .workspaceDeleted)
                #expect(deleted.workspace == workspace.id)
                let receipt = try await fixture.client.receipt(try #require(deleted.receipt))
                #expect(receipt.cause == .expired)
                #expect(receipt.outcome == .confirmed)
                #expect(receipt.sessions.map(\.session) == [session.id])
                #expect(!FileManager.default.fileExists(atPath: workspace.path))
                let kinds = watcher.events.filter { $0.workspace == workspace.id }.map(\.kind)
                let expiring = try #require(kinds.firstIndex(of: .workspaceExpiring))
                #expect(try expiring < #require(kinds.firstIndex(of: .workspaceDeleting)))
                #expect(try await fixture.client.workspace(kept.id).state == .active)
            }
        }
    }

    @Test func `that is over keeps a workspace in which work would be lost, with all that runs in it`() async throws {
        try await Fixture.run { fixture in
            try await EventWatcher.run(fixture.client) { watcher in
                let workspace = try await workspace(fixture, "dirty")
                try Data("work".utf8).write(to: URL(fileURLWithPath: workspace.path + "/new"))
                let session = try await fixture.session(workspace, "exec sleep 1000")
                _ = try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(expiresIn: 1))
                let deferred = try await watcher.wait(for: .expiryDeferred)
                #expect(deferred.workspace == workspace.id)
                #expect(try #require(deferred.due).date > Date.now)
                #expect(try await fixture.client.workspace(workspace.id).state == .active)
                #expect(try await fixture.client.session(session.id).status == .active)
                // More time is given, and the work is taken away: the next expiry deletes it.
                try FileManager.default.removeItem(atPath: workspace.path + "/new")
                _ = try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(expiresIn: 1))
                try await watcher.wait(for: .workspaceDeleted) { $0.workspace == workspace.id }
            }
        }
    }

    @Test func `that the host gives is for worktrees, and for an adopted directory only when it is asked for`()
        async throws
    {
        try await Fixture.run(arguments: ["--expires-in", "3600"]) { fixture in
            #expect(try await workspace(fixture, "one").expiresAt != nil)
            #expect(try await workspace(fixture, "two", expiresIn: 0).expiresAt == nil)
            let path = fixture.directory.path + "/adopted"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let adopted = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: path)
            ).document
            #expect(adopted.expiresAt == nil)
            try await EventWatcher.run(fixture.client) { watcher in
                _ = try await fixture.client.changeWorkspace(adopted.id, ChangeRequest(expiresIn: 1))
                let deleted = try await watcher.wait(for: .workspaceDeleted)
                #expect(deleted.workspace == adopted.id)
                #expect(FileManager.default.fileExists(atPath: path))
            }
        }
    }
}
