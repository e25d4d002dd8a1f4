import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A lifetime that is over while no host is there` {
    @Test func `acts after the next start`() async throws {
        let place = try RunningHost.Place()
        let directory = try TemporaryDirectory()
        let repository = try SampleRepository(in: directory)
        let first = try await RunningHost.start(place)
        let workspace = try await first.client.createWorkspace(
            CreateWorkspaceRequest(repository: repository.path, branch: "short", expiresIn: 10)
        ).document
        let other = try await first.client.createWorkspace(
            CreateWorkspaceRequest(repository: repository.path, branch: "other")
        ).document
        let session = try await first.client.createSession(
            in: other.id,
            CreateSessionRequest(command: ["/bin/sh", "-c", "trap '' HUP; sleep 1000"], maxRuntime: 10)
        ).document
        try await first.kill()
        // The very thing that is tested: time passes, and nobody is there.
        let due = max(try #require(workspace.expiresAt).date, session.createdAt.date.addingTimeInterval(10))
        try await Task.sleep(for: .seconds(max(0, due.timeIntervalSinceNow) + 0.5))
        let second = try await RunningHost.start(place)
        let deadline = Deadline.after(.seconds(60))
        while try await second.client.receipts(workspace: workspace.id).first?.state != .deleted {
            try #require(!deadline.hasPassed, "it is deleted")
            await Task.yield()
        }
        #expect(try await second.client.receipts(workspace: workspace.id).first?.cause == .expired)
        while try await second.client.session(session.id).status != .disposed {
            try #require(!deadline.hasPassed, "it is ended")
            await Task.yield()
        }
        #expect(try await second.client.session(session.id).endReason == .maxRuntime)
        try await second.stop()
    }
}
