import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A worktree that is large` {
    @Test func `is deleted after the reply, and the status says how far that is (I8)`() async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            let workspace = try await fixture.workspace()
            try Shell.run(
                "mkdir many; cd many; for d in $(seq 50); do mkdir $d; (cd $d; seq 100 | xargs touch); done",
                in: workspace.path)
            try checkpoints.pause(at: "trashBegun")
            let receipt = try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(force: true))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == .removed)
            #expect(!FileManager.default.fileExists(atPath: workspace.path))
            try await checkpoints.waitUntilReached("trashBegun")
            #expect(try await fixture.client.status().trash == TrashDocument(worktrees: 1, entries: 0))
            let trash = fixture.host.place.state + "/worktrees/.trash"
            #expect(try FileManager.default.contentsOfDirectory(atPath: trash).count == 1)

            try await checkpoints.resume("trashBegun")
            try await fixture.eventually("the trash is empty") {
                try await fixture.client.status().trash == TrashDocument(worktrees: 0, entries: 0)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: trash).isEmpty)
        }
    }
}
