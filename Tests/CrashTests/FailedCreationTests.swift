import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A creation that fails` {
    @Test func `because its command or directory is no good leaves nothing (I9)`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let before = try await Self.provenCounter(host, site, workspace)

            for (what, code, request) in Self.hopeless {
                for _ in 0..<3 {
                    #expect(
                        try await CrashSite.code { try await host.client.createSession(in: workspace.id, request) }
                            == code,
                        "\(what)")
                }
                try await Footprint.waitUntil(before, host, at: site, after: what)
            }
            try await site.expectAgreement(host)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `because a unit of its name exists starts nothing and says so (I9)`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let before = try await Self.provenCounter(host, site, workspace)
            let unit = "corral-\(try site.instance)-\(workspace.id)-staken.scope"
            let manager = Ground.isSystem ? "--system" : "--user"
            let marker = "1000.\(ProcessInfo.processInfo.processIdentifier)"
            // From a service, which leaves nothing of the scope's to wait for here.
            let scope = "systemd-run \(manager) --quiet --scope --unit='\(unit)' sleep \(marker)"
            try Shell.run("systemd-run \(manager) --quiet --collect -- \(scope)")
            defer { _ = try? Shell.run("systemctl \(manager) stop '\(unit)' 2>/dev/null || true") }
            try await site.eventually("the other scope runs") { try site.world.inUnit(unit).count == 1 }

            let request = CreateSessionRequest(id: "staken", command: ["/bin/sleep", "1000"])
            #expect(
                try await CrashSite.code { try await host.client.createSession(in: workspace.id, request) }
                    == "start_failed")
            #expect(try site.world.tagged("CORRAL_SESSION", "staken").isEmpty)
            #expect(try await host.client.session("staken").endReason == .startFailed)
            #expect(try site.world.running("sleep \(marker)").count == 1, "what had the name before was ended")
            try Shell.run("systemctl \(manager) stop '\(unit)'")
            try await Footprint.waitUntil(before, host, at: site, after: "a refused scope")
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test(arguments: ["sessionInserted", "leaderParked", "scopeStarted", "leaderVerified"])
    func `because its workspace is deleted meanwhile leaves nothing (I9)`(place: String) async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let doomed = try await site.workspace(host, "doomed")
            let before = try await Self.provenCounter(host, site, doomed)
            try site.checkpoints.pause(at: place)
            let creation = Task { [client = host.client] in
                try await CrashSite.code {
                    try await client.createSession(
                        in: doomed.id, CreateSessionRequest(command: ["/bin/sleep", "1000"]))
                }
            }
            try await site.checkpoints.waitUntilReached(place)
            let deletion = Task { [client = host.client] in
                try await client.deleteWorkspace(doomed.id, DeleteWorkspaceOptions(teardown: .skip))
            }
            try await site.eventually("the tombstone is written") { [client = host.client] in
                try await client.workspace(doomed.id).state == .deleting
            }
            try await site.checkpoints.resume(place)
            #expect(try await creation.value == "workspace_deleting")
            #expect(try await deletion.value.state == .deleted)
            #expect(try site.world.tagged("CORRAL_WORKSPACE", doomed.id).isEmpty)
            try await Footprint.waitUntil(before, host, at: site, after: "a creation cut by a delete")
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test(
        .enabled(if: Ground.isSystem, "a small file system can be mounted by root only"),
        arguments: ["sessionInserted", "leaderVerified"])
    func `because the index has no room leaves nothing, and works once there is room (I9)`(place: String) async throws {
        try await CrashSite.run { site in
            let state = site.place.state
            try Shell.run("mkdir -p '\(state)'; mount -t tmpfs -o size=4m tmpfs '\(state)'")
            defer { _ = try? Shell.run("umount -l '\(state)'") }
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let before = try await Self.provenCounter(host, site, workspace)

            try site.checkpoints.pause(at: place)
            let creation = Task { [client = host.client] in
                try await CrashSite.code {
                    try await client.createSession(
                        in: workspace.id, CreateSessionRequest(id: "sfull", command: ["/bin/sleep", "1000"]))
                }
            }
            try await site.checkpoints.waitUntilReached(place)
            try Shell.run("cat /dev/zero > '\(state)/filler' 2>/dev/null || true")
            try await site.checkpoints.resume(place)
            let answer = try await creation.value
            #expect(answer == "index_unavailable")
            let another = try await CrashSite.code {
                try await host.client.createSession(
                    in: workspace.id, CreateSessionRequest(command: ["/bin/sleep", "1000"]))
            }
            #expect(another == "index_unavailable")
            #expect(try site.world.tagged("CORRAL_SESSION", "sfull").isEmpty)
            #expect(try site.populatedScopes().isEmpty)
            try await Footprint.waitUntil(before, host, at: site, after: "a creation without room")

            try Shell.run("rm '\(state)/filler'")
            let session = try await site.survivor(host, workspace)
            try await site.expectAgreement(host, unsettled: ["sfull"])
            #expect(try await host.client.killSession(session.id).outcome == .confirmed)
            try await Footprint.waitUntil(before, host, at: site, after: "a session after that")
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    /// Requests that cannot succeed.
    static let hopeless: [(what: String, code: String, request: CreateSessionRequest)] = [
        ("a program that does not exist", "exec_failed", CreateSessionRequest(command: ["/no/such/program"])),
        ("a command that is not in PATH", "exec_failed", CreateSessionRequest(command: ["no-such-command-anywhere"])),
        ("a file that is no program", "exec_failed", CreateSessionRequest(command: ["/etc/passwd"])),
        (
            "a directory that is missing", "exec_failed",
            CreateSessionRequest(cwd: "/no/such/place", command: ["/bin/true"])
        ),
        ("a directory that is a file", "exec_failed", CreateSessionRequest(cwd: "/etc/passwd", command: ["/bin/true"])),
    ]

    /// What the instance takes up without a session, by a counter that was seen to notice one in every figure.
    private static func provenCounter(
        _ host: RunningHost, _ site: CrashSite, _ workspace: WorkspaceDocument
    ) async throws -> Footprint {
        // The first session and the first failure bring what the host keeps for ever.
        _ = try await host.client.killSession(site.survivor(host, workspace).id)
        _ = try await CrashSite.code { try await host.client.createSession(in: workspace.id, hopeless[0].request) }
        let before = try await Footprint.settled(host, at: site)
        let session = try await site.survivor(host, workspace)
        let during = try await Footprint.settled(host, at: site)
        #expect(during.processes > before.processes)
        #expect(during.scopes > before.scopes)
        #expect(during.descriptors > before.descriptors)
        #expect(during.terminals > before.terminals)
        #expect(during.activeRows > before.activeRows)
        #expect(try await host.client.killSession(session.id).outcome == .confirmed)
        try await Footprint.waitUntil(before, host, at: site, after: "a session that was killed")
        return before
    }
}
