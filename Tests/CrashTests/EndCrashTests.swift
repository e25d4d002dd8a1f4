import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A host that is killed while it ends` {
    @Test(arguments: ["killStamped", "scopeEnded"])
    func `a session carries the kill out after its start, without being asked again (I7)`(place: String) async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let session = try await site.survivor(host, workspace)
            let sibling = try await site.survivor(host, workspace)
            try await site.crash(host, at: place) { [client = host.client] in
                _ = try await client.killSession(session.id)
            }
            #expect(try site.world.inUnit(session.unit).isEmpty == (place == "scopeEnded"))

            host = try await site.restart(clearing: place)
            try await site.expectAgreement(host)
            let ended = try await host.client.session(session.id)
            #expect(ended.status == .disposed)
            #expect(ended.endReason == .killed)
            #expect(ended.disposeRequestedAt != nil)
            #expect(try site.world.tagged("CORRAL_SESSION", session.id).isEmpty)
            #expect(try await CrashSite.code { try await host.client.killSession(session.id) } == "session_ended")
            try await site.expectUntouched(host, sibling)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test(arguments: [
        "destroyTombstone", "destroyTeardown", "destroyStop", "destroyStopped", "destroyEscapes", "destroyRecheck",
        "destroyWorktree", "destroyMovedAside", "destroyBranch", "destroyFinish", "destroyFinished",
    ])
    func `a workspace comes to the same end as without the crash (I7)`(place: String) async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let doomed = try await site.workspace(host, "doomed")
            let bystander = try await site.survivor(host, site.workspace(host, "other"))
            let sessions = [try await site.survivor(host, doomed), try await site.survivor(host, doomed)]
            let options = DeleteWorkspaceOptions(deleteBranch: true)
            try await site.crash(host, at: place) { [client = host.client] in
                _ = try await client.deleteWorkspace(doomed.id, options)
            }

            host = try await site.restart(clearing: place)
            let receipt = try await site.deleted(host, doomed, options)
            #expect(receipt.outcome == .confirmed)
            #expect(receipt.confirmedAt != nil)
            #expect(Set(receipt.sessions.map(\.session)) == Set(sessions.map(\.id)))
            #expect(receipt.sessions.allSatisfy { $0.outcome == .confirmed })
            #expect(receipt.worktree == .removed)
            #expect(receipt.branch == .removed)
            #expect(receipt.detail == nil)
            #expect(try await host.client.receipts(workspace: doomed.id).map(\.id) == [receipt.id])

            #expect(try site.world.tagged("CORRAL_WORKSPACE", doomed.id).isEmpty)
            #expect(try site.world.inUnit(doomed.slice).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: doomed.path))
            #expect(try !site.repository.git("worktree list").contains(doomed.id))
            #expect(try site.repository.git("branch --list doomed").isEmpty)
            #expect(try await host.client.workspaces(all: true).map(\.id) == [bystander.workspace])
            let trash = site.place.state + "/worktrees/.trash"
            try await site.eventually("the trash is empty") {
                try FileManager.default.contentsOfDirectory(atPath: trash).isEmpty
            }
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, bystander)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }
}
