import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A host that is killed and started again` {
    @Test func `lists the sessions that live with a lost terminal, and can kill them`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let session = try await site.survivor(host, workspace)
            let other = try await site.survivor(host, workspace)
            try await host.kill()
            #expect(try site.world.inUnit(session.unit).count == 1)

            host = try await site.start()
            try await site.expectAgreement(host)
            let found = try await host.client.session(session.id)
            #expect(found.status == .active)
            #expect(found.terminal == .lost)
            #expect(found.members == 1)
            #expect(found.leaderPid == session.leaderPid)
            #expect(
                try await CrashSite.code { try await host.client.sendInput(Array("x".utf8), to: session.id) }
                    == "terminal_lost")

            let end = try await host.client.killSession(session.id)
            #expect(end.outcome == .confirmed)
            #expect(try site.world.inUnit(session.unit).isEmpty)
            #expect(try await host.client.session(session.id).endReason == .killed)
            try await site.expectUntouched(host, other)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `sees the end of a session that it found again`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let session = try await site.survivor(host, site.workspace(host, "one"))
            try await host.kill()
            host = try await site.start()
            // The pass comes after the leaders were pinned.
            _ = try await host.client.reap()
            try Self.end(session)
            try await site.eventually("the session is over") { [client = host.client] in
                try await client.session(session.id).status == .exited
            }
            // Not our child any more: how it ended is told by newer kernels only, and else not made up.
            let ended = try await host.client.session(session.id)
            #expect(ended.exit == nil || ended.exit == SessionDocument.Exit(code: nil, signal: 9))
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `shows nothing running in a session that ended meanwhile, and does not end what its number is now`()
        async throws
    {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let session = try await site.survivor(host, workspace)
            let other = try await site.survivor(host, workspace)
            try await host.kill()
            try Self.end(session)
            try await site.eventually("the scope is empty") { try site.world.inUnit(session.unit).isEmpty }

            host = try await site.start()
            // Marked `lost` past the age floor; until then the row claims nothing that the kernel does not show.
            try await site.expectAgreement(host, unsettled: [session.id])
            #expect(try await host.client.session(session.id).members == 0)
            #expect(try await host.client.killSession(session.id).outcome == .confirmed)
            #expect(try await host.client.session(session.id).status == .disposed)
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, other)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    /// With nobody to keep its terminal, the crash hangs it up: that ends shells and what they have in the foreground.
    @Test func `declares a shell lost that went with its terminal, of which no process and no unit is left`()
        async throws
    {
        try await CrashSite.run { site in
            let terminals = try site.world.terminalCount()
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let session = try await host.client.createSession(
                in: workspace.id, CreateSessionRequest(command: ["/bin/bash", "--norc", "-i"])
            ).document
            try await host.client.sendInput(Array("echo rea''dy; sleep 10000\n".utf8), to: session.id)
            try await SessionReader(host.client, session.id).waitFor("ready")
            try await site.eventually("shell and child run") { try site.world.inUnit(session.unit).count == 2 }
            #expect(try site.world.units(session.unit) == [session.unit])
            try await host.kill()

            host = try await site.start()
            try await site.eventually("no process of it is left") { try site.world.inUnit(session.unit).isEmpty }
            // After 30 seconds, by a pass of the host's own or one that is asked for.
            try await site.eventually("the session is over", within: .seconds(60)) { [client = host.client] in
                _ = try await client.reap()
                try await Task.sleep(for: .milliseconds(500))
                return try await client.session(session.id).status == .exited
            }
            let ended = try await host.client.session(session.id)
            #expect(ended.endReason == .lost)
            #expect(ended.exit == nil, "nobody saw how")
            #expect(ended.terminal == .closed)
            #expect(ended.endedAt != nil)
            #expect(ended.members ?? 0 == 0)
            #expect(try site.world.tagged("CORRAL_SESSION", session.id).isEmpty)
            try await site.eventually("its unit is gone") { try site.world.units(session.unit).isEmpty }
            #expect(try site.world.terminalCount() == terminals)
            #expect(
                try await CrashSite.code { try await host.client.sendInput([10], to: session.id) } == "session_ended")
            try await site.expectAgreement(host)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `resumes a delete under the options that it began with, and lets a weaker request join (I7)`()
        async throws
    {
        try await CrashSite.run { site in
            var host = try await site.start()
            let doomed = try await site.workspace(host, "doomed")
            _ = try await site.survivor(host, doomed)
            try Shell.run("echo new > untracked", in: doomed.path)
            #expect(try await CrashSite.code { try await host.client.deleteWorkspace(doomed.id) } == "dirty")
            try await site.crash(host, at: "destroyStopped") { [client = host.client] in
                _ = try await client.deleteWorkspace(doomed.id, DeleteWorkspaceOptions(force: true))
            }
            host = try await site.restart(clearing: "destroyStopped")
            #expect(try await site.deleted(host, doomed).outcome == .confirmed)
            #expect(!FileManager.default.fileExists(atPath: doomed.path))
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    /// Ends a session's leader behind the host's back.
    private static func end(_ session: SessionDocument) throws {
        let leader = try #require(session.leaderPid)
        try #require(try Pidfd.open(ProcessID(Int32(leader)))).signal(SIGKILL)
    }
}
