import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A dry run of a delete` {
    @Test func `says what would be ended, and changes nothing`() async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "echo ready; exec sleep 1000")
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            let plan = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, deleteBranch: true, dryRun: true))
            #expect(plan.state == .planned, "\(plan)")
            #expect(plan.sessions.map(\.session) == [session.id])
            #expect(plan.sessions.first?.survivors.map(\.pid) == [session.leaderPid ?? 0])
            #expect(plan.worktree == .planned)
            #expect(plan.branch == .planned)
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            #expect(try await fixture.client.session(session.id).members == 1)
            #expect(try await fixture.client.session(session.id).disposeRequestedAt == nil)
            #expect(try await fixture.client.receipts(workspace: workspace.id).isEmpty)
            #expect(FileManager.default.fileExists(atPath: workspace.path + "/file"))
            // What would be refused is refused, and that too changes nothing.
            try Shell.run("echo new > untracked", in: workspace.path)
            #expect(
                try await Fixture.code {
                    try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(dryRun: true))
                } == "dirty")
            #expect(try await fixture.client.session(session.id).members == 1)
        }
    }

    /// Regression: a dry run joined the running delete as any request does, and strengthened its options. One with `force` made a
    /// delete that had asked for no such thing skip its second look and remove unsaved work.
    @Test func `beside a delete that is at work tells how far that is, and strengthens nothing`() async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            let workspace = try await fixture.workspace()
            let deletion = try await fixture.delete(workspace, upTo: "destroyStop", checkpoints)
            try Shell.run("echo new > untracked", in: workspace.path)
            let seen = try await fixture.client.deleteWorkspace(
                workspace.id,
                DeleteWorkspaceOptions(
                    force: true, deleteBranch: true, teardown: .skip, abandon: true, dryRun: true, timeout: 5))
            #expect(seen.state == .deleting, "\(seen)")
            try await checkpoints.resume("destroyStop")
            #expect(try await Fixture.code { try await deletion.value } == "kept")
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            #expect(FileManager.default.fileExists(atPath: workspace.path + "/untracked"))
            #expect(try fixture.repository.git("branch --list one").contains("one"))
            #expect(try await fixture.client.receipts(workspace: workspace.id).map(\.id) == [seen.id])
        }
    }
}
