import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// What becomes of a delete when the manager takes back what it was asked for.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A stop job` {
    @Test func `that is canceled by somebody else, ends in the kernel's own kill (I2, I10)`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let command = "trap '' HUP TERM; echo ready; while :; do sleep 1000; done"
            let session = try await host.client.createSession(
                in: workspace.id, CreateSessionRequest(command: ["/bin/sh", "-c", command])
            ).document
            try await SessionReader(host.client, session.id).waitFor("ready")
            let delete = Task { [client = host.client] in try await client.deleteWorkspace(workspace.id) }
            var job = ""
            try await site.eventually("systemd stops the slice") {
                job = try Shell.run(
                    "systemctl \(CrashSite.manager) list-jobs --no-legend --plain | awk '$2 == \"\(workspace.slice)\" { print $1 }'"
                ).trimmingCharacters(in: .whitespacesAndNewlines)
                return !job.isEmpty
            }
            try Shell.run("systemctl \(CrashSite.manager) cancel \(job)")
            let receipt = try await delete.value
            #expect(receipt.state == .deleted, "\(receipt)")
            let end = try #require(receipt.sessions.first)
            #expect(end.outcome == .confirmed, "\(end)")
            #expect(end.ended == .killed, "\(end)")
            #expect(end.durationMs < 5000, "nobody was left to send SIGKILL, and it was waited for: \(end)")
            #expect(try site.world.inUnit(session.unit).isEmpty)
            try await site.expectAgreement(host)
        }
    }
}
