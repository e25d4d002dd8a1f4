import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// What becomes of sessions and deletes when the index cannot be written, is damaged, or is gone: they stay what they are, the
/// person is told why, and once the index is there again it and the kernel agree.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A fault of the index` {
    private static func python(_ script: String, _ arguments: String...) throws {
        try Shell.run(
            ["/usr/bin/env", "python3", "-c", script] + arguments, in: "/", ProcessInfo.processInfo.environment)
    }

    @Test func `held by another writer, signals nobody and deletes nothing (I3, I7)`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let session = try await site.survivor(host, workspace)
            let other = try await OtherWriter.lock(site.place.state)
            defer { try? other.end() }
            async let killed = CrashSite.code { try await host.client.killSession(session.id) }
            async let deleted = CrashSite.code { try await host.client.deleteWorkspace(workspace.id) }
            // What could not be written down nobody goes on with, so it was told as one that the host goes on with.
            #expect(try await killed == "index_unavailable")
            #expect(try await deleted == "index_unavailable")
            #expect(try await host.client.workspace(workspace.id).state == .active)
            try await site.expectUntouched(host, session)
            try other.end()

            try await site.expectAgreement(host)
            try await site.expectUntouched(host, session)
            try await site.expectDeleted(host, workspace)
        }
    }

    // Symptom: a session whose shell had exited meanwhile was active for good, whoever was attached was told nothing, and no kill helped.
    // Cause: its end was taken for one that is under way, and the reaper leaves those alone.
    @Test func `held by another writer while sessions end, loses no end and no exit (I2)`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            var ending: [SessionDocument] = []
            for onExit in SessionDocument.OnExit.allCases {
                let script = "\(onExit == .keep ? "setsid sleep 1000 & " : "")read line; exit 7"
                let request = CreateSessionRequest(onExit: onExit, command: ["/bin/sh", "-c", script])
                ending.append(try await host.client.createSession(in: workspace.id, request).document)
            }
            let killed = try await site.survivor(host, workspace)
            let client = host.client
            try site.checkpoints.pause(at: "scopeEnded")
            let kill = Task { try await client.killSession(killed.id) }
            try await site.checkpoints.waitUntilReached("scopeEnded")
            let other = try await OtherWriter.lock(site.place.state)
            defer { try? other.end() }
            try await site.checkpoints.resume("scopeEnded")
            for session in ending { try await client.sendInput(Array("\n".utf8), to: session.id) }
            #expect(try await kill.value.outcome == .confirmed)
            try await site.eventually("the host could not write") {
                RunningHost.log(site.place).components(separatedBy: "could not be written down").count >= 4
            }
            for session in ending { #expect(try await client.session(session.id).status == .active) }
            try other.end()

            try await site.eventually("the ends are on record") {
                try await client.sessions().allSatisfy { $0.status != .active && $0.status != .stopping }
            }
            for session in ending {
                let row = try await client.session(session.id)
                #expect(row.status == .exited && row.exit?.code == 7 && row.endReason == .exited, "\(row)")
            }
            #expect(try await client.session(killed.id).endReason == .killed)
            try await site.expectDeleted(host, workspace)
        }
    }

    /// Symptom: whoever read the index of a running host, as a backup does, removed its log when it was done; what the host wrote from then
    /// on was gone with it, or answers said "disk I/O error". Cause: the host opened the file once more to learn which one it is, and a close
    /// takes a process's locks on a file away, those of SQLite too.
    @Test
    func `is not what another process makes that reads it: it leaves the log, and all is there after a crash (I7)`()
        async throws
    {
        try await CrashSite.run { site in
            var host = try await site.start()
            let first = try await site.workspace(host, "one")
            let copy = """
                import sqlite3, sys
                index = sqlite3.connect(sys.argv[1])
                copy = sqlite3.connect(sys.argv[2])
                index.backup(copy)
                assert copy.execute("SELECT id FROM workspace").fetchall() == [(sys.argv[3],)]
                index.close()
                """
            let index = site.place.state + "/index.db"
            try Self.python(copy, index, site.directory.path + "/copy.db", first.id)
            #expect(FileManager.default.fileExists(atPath: index + "-wal"))
            let second = try await site.workspace(host, "two")
            let session = try await site.survivor(host, second)
            try await host.kill()
            host = try await site.start()
            try await site.expectAgreement(host)
            #expect(Set(try await host.client.workspaces().map(\.id)) == [first.id, second.id])
            try await site.expectUntouched(host, session)
            try await site.expectDeleted(host, second)
        }
    }

    @Test(.enabled(if: Ground.isSystem, "a small file system can be mounted by root only"))
    func `without room in the middle of a delete, leaves the delete to be done once there is room (I7)`() async throws {
        try await CrashSite.run { site in
            let state = site.place.state
            try Shell.run("mkdir -p '\(state)'; mount -t tmpfs -o size=6m tmpfs '\(state)'")
            defer { _ = try? Shell.run("umount -l '\(state)'") }
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let session = try await site.survivor(host, workspace)
            let receipt = try await site.delete(host, workspace, DeleteWorkspaceOptions(timeout: 3)) {
                try Shell.run("cat /dev/zero > '\(state)/filler' 2>/dev/null || true")
            }
            #expect(receipt.state == .deleting, "\(receipt)")
            #expect(receipt.outcome != .confirmed)
            #expect(receipt.confirmedAt == nil)
            #expect(receipt.detail?.contains("no space is left") == true, "\(receipt)")
            // What could not be written down was not begun.
            #expect(try site.world.inUnit(session.unit).count == 1)
            #expect(FileManager.default.fileExists(atPath: workspace.path + "/file"))

            try Shell.run("rm '\(state)/filler'")
            try await site.expectDeleted(host, workspace)
        }
    }

    @Test func `that damaged it refuses host and reaper, and their sessions live on (I3)`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let session = try await site.survivor(host, workspace)
            try await host.kill()
            let index = site.place.state + "/index.db"
            // All of it in one file, of which a copy is a whole one.
            let fold = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)')"
            try Self.python(fold, index)
            try Shell.run(
                "cp '\(index)' '\(index).whole'; dd if=/dev/urandom of='\(index)' bs=4096 count=1 conv=notrunc 2>/dev/null"
            )

            let refused = try await RunningHost.startRefused(site.place)
            #expect(refused.status == 1)
            #expect(refused.log.contains("open index in \(index): the file is damaged"), "\(refused.log)")
            #expect(refused.log.contains("nothing was changed"), "\(refused.log)")
            let reaped = try site.reap()
            #expect(reaped.contains("the file is damaged"), "\(reaped)")
            #expect(reaped.hasSuffix("status 1\n"), "\(reaped)")
            #expect(try site.world.inUnit(session.unit).map { Int($0.rawValue) } == [session.leaderPid])

            // Into the same file, which is the one that the instance's claim names.
            try Shell.run("cat '\(index).whole' > '\(index)'; rm '\(index).whole'")
            host = try await site.start()
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, session)
            try await site.expectDeleted(host, workspace)
        }
    }

    /// Regression: SQLite goes on in a file that was removed under it. Everything was answered with success, recorded where nobody
    /// would ever read it, and a host that was killed in the middle of a delete had lost it.
    @Test(arguments: [false, true])
    func `by which its file is gone from its place is told, and nothing is begun that would not be on record (I7)`(
        isReplaced: Bool
    ) async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let (index, copy) = (site.place.state + "/index.db", site.place.directory.path + "/copy")
            let backup = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))"
            try Self.python(backup, index, copy)
            let session = try await site.survivor(host, workspace)
            try Shell.run("rm '\(index)'*" + (isReplaced ? "; cp '\(copy)' '\(index)'" : ""))

            let creation = CreateSessionRequest(id: "snever", command: ["/bin/sleep", "1000"])
            #expect(
                try await CrashSite.code { try await host.client.createSession(in: workspace.id, creation) }
                    == "index_unavailable")
            #expect(try site.world.tagged("CORRAL_SESSION", "snever").isEmpty)
            #expect(
                try await CrashSite.code { try await host.client.deleteWorkspace(workspace.id) } == "index_unavailable")
            #expect(try await CrashSite.code { try await host.client.killSession(session.id) } == "index_unavailable")
            // Not even by a pass, which has no claims to judge by.
            #expect(try await CrashSite.code { try await host.client.reap() } != nil)
            #expect(try site.world.inUnit(session.unit).count == 1)
            #expect(FileManager.default.fileExists(atPath: workspace.path + "/file"))
            try await host.kill()

            // Another file than the one that owned the instance in this boot: a person has to say that it is the right one.
            let refused = try await RunningHost.startRefused(site.place)
            #expect(refused.log.contains("nothing was marked or killed"), "\(refused.log)")
            let claim = try #require(
                refused.log.firstMatch(of: /remove (\/\S+\.claim)/)?.output.1, "\(refused.log)")
            #expect(try site.world.inUnit(session.unit).count == 1)
            try Shell.run("rm '\(claim)'")
            host = try await site.start()
            if isReplaced {
                // An older copy: it knows the workspace, and so the session gets its row back (I4).
                try await site.eventually("the session has its row") {
                    _ = try await host.client.reap()
                    return try await host.client.sessions().contains { $0.id == session.id && $0.status == .active }
                }
                #expect(try site.world.inUnit(session.unit).count == 1)
                try await site.expectDeleted(host, workspace)
            } else {
                for _ in 1...3 { #expect(try await host.client.reap().reaped == 0) }
                #expect(try await host.client.reap().unclaimed.map(\.unit) == [session.unit])
                #expect(try site.world.inUnit(session.unit).count == 1)
                #expect(try await host.client.reap(unclaimed: true).reaped == 1)
                try await host.stop()
                try await site.waitUntilNothingIsLeft()
            }
        }
    }
}
