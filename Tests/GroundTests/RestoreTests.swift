import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A delete that is given up` {
    /// Regression: when the transaction that gives the workspace back failed, the caller was told `kept` and the saga ended. The
    /// row stayed `deleting` with nobody at work on it, so the next pass of the reaper ended the sessions of a workspace that had
    /// been reported as kept.
    @Test func `says so only once the workspace is back, and tries until it is (I7)`() async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            try fixture.repository.commitScript("teardown", "exit 1")
            _ = try await fixture.client.trustRepository(fixture.repository.path)
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "trap '' HUP; echo ready; exec sleep 1000")
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            let deletion = try await fixture.delete(workspace, upTo: "destroyTeardown", checkpoints)
            let unlock = try await fixture.lockIndex()
            try await checkpoints.resume("destroyTeardown")
            let answer = try await deletion.value
            #expect(answer.state == .deleting, "\(answer)")
            #expect(answer.detail?.contains("could not be given back") == true, "\(answer)")
            try unlock()
            _ = try await fixture.client.reap()
            #expect(try fixture.world.inUnit(session.unit).count == 1, "the reaper ended what was to be kept")
            try await fixture.eventually("the workspace is back") {
                try await fixture.client.workspace(workspace.id).state == .active
            }
            #expect(try await fixture.client.session(session.id).members == 1)
            #expect(try await fixture.client.receipts(workspace: workspace.id).first?.state == .kept)
        }
    }
}
