import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A host that is killed while it creates` {
    @Test(arguments: ["workspaceInserted", "worktreeAdded", "workspaceActivated"])
    func `a workspace leaves a whole one or none, and the same request works again (I7)`(place: String) async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let bystander = try await site.survivor(host, site.workspace(host, "other"))
            let request = CreateWorkspaceRequest(repository: site.repository.path, branch: "cut", id: "wcut")
            try await site.crash(host, at: place) { [client = host.client] in
                _ = try await client.createWorkspace(request)
            }

            host = try await site.restart(clearing: place)
            // Nothing of a client that comes at once is taken for what the crash left.
            let early = try await site.workspace(host, "early")
            try await site.eventually("no workspace is half-made") { [client = host.client] in
                try await client.workspaces(all: true).allSatisfy { $0.state != .creating }
            }
            try await site.expectAgreement(host)
            let wasKept = try await host.client.workspaces(all: true).contains { $0.id == "wcut" }
            #expect(wasKept == (place == "workspaceActivated"))
            #expect(try site.repository.git("worktree list").contains("wcut") == wasKept)
            #expect(try site.repository.git("branch --list cut").isEmpty == !wasKept)

            let again = try await host.client.createWorkspace(request).document
            #expect(again.state == .active)
            #expect(FileManager.default.fileExists(atPath: again.path + "/file"))
            #expect(try await site.deleted(host, again).outcome == .confirmed)
            #expect(try await host.client.workspace(early.id).state == .active)
            #expect(FileManager.default.fileExists(atPath: early.path + "/file"))
            try await site.expectUntouched(host, bystander)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test(arguments: [
        "sessionInserted", "leaderParked", "scopeStarted", "leaderVerified", "sessionActivated", "leaderReleased",
    ])
    func `a session leaves no process without an active row, and no command that was not released (I9)`(
        place: String
    ) async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let bystander = try await site.survivor(host, site.workspace(host, "other"))
            let witness = site.place.directory.path + "/ran"
            let request = CreateSessionRequest(
                id: "scut", command: ["/bin/sh", "-c", "trap '' HUP; : > \(witness); exec sleep 1000"])
            let wasReleased = place == "leaderReleased"
            // A released command must have come as far as ignoring the hangup of the terminal that goes with the host.
            try await site.crash(
                host, at: place,
                after: !wasReleased
                    ? nil
                    : {
                        try await site.eventually("the command runs") {
                            FileManager.default.fileExists(atPath: witness)
                        }
                    }
            ) { [client = host.client] in
                _ = try await client.createSession(in: workspace.id, request)
            }

            host = try await site.restart(clearing: place)
            try await site.expectAgreement(host, unsettled: wasReleased ? [] : ["scut"])
            let session = try await host.client.session("scut")
            #expect(session.members == (wasReleased ? 1 : 0))
            #expect(try site.world.tagged("CORRAL_SESSION", "scut").count == (wasReleased ? 1 : 0))
            #expect(FileManager.default.fileExists(atPath: witness) == wasReleased)
            if wasReleased { #expect(session.terminal == .lost) }

            // Nobody has to wait for the age floor: an end that was asked for is confirmed at once.
            #expect(try await host.client.killSession("scut").outcome == .confirmed)
            #expect(try await host.client.session("scut").status == .disposed)
            let receipt = try await site.deleted(host, workspace)
            #expect(receipt.outcome == .confirmed)
            #expect(try site.world.tagged("CORRAL_WORKSPACE", workspace.id).isEmpty)
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, bystander)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }
}
