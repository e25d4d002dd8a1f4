import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// `systemd-run --scope COMMAND` moves itself to the new scope before it executes the command: as a session's command it takes the
/// leader out of the session's scope, which holds nothing then.
///
/// Regression: such a session could never be ended. The kill saw an empty scope and a leader that lived, and said `unknown`; a
/// delete stayed `deleting` for good; the reaper kept it also when it was stamped.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A session whose leader moved to another cgroup` {
    /// Starts one; returns once it has moved.
    private func moved(
        _ fixture: Fixture, _ workspace: WorkspaceDocument, to unit: String, _ options: String = "",
        trap: String = ""
    ) async throws -> SessionDocument {
        let session = try await fixture.session(
            workspace,
            "trap '' HUP \(trap); exec systemd-run \(Fixture.manager) --quiet --scope --unit=\(unit) \(options) sleep 1000"
        )
        try await fixture.eventually("it moved") {
            try fixture.world.inUnit(unit).count == 1 && fixture.world.inUnit(session.unit).isEmpty
        }
        return session
    }

    @Test(arguments: [false, true]) func `is kept while nobody ends it, and ended by a kill (I2)`(
        force: Bool
    ) async throws {
        try await Fixture.swept { fixture in
            let unit = "moved-\(try await fixture.client.status().instance).scope"
            defer { Fixture.end(unit) }
            let session = try await moved(fixture, fixture.workspace(), to: unit)
            _ = try await fixture.client.reap()
            #expect(try await fixture.client.session(session.id).status == .active)
            #expect(try fixture.world.inUnit(unit).count == 1)
            let end = try await fixture.client.killSession(session.id, force: force)
            #expect(end.outcome == .confirmed, "\(end)")
            #expect(end.ended == (force ? .killed : .terminated), "\(end)")
            #expect(end.membersSignalled == 1)
            #expect(try fixture.world.inUnit(unit).isEmpty)
            #expect(try await fixture.client.session(session.id).status == .disposed)
        }
    }

    @Test func `is ended by SIGKILL when it ignores what is polite`() async throws {
        try await Fixture.swept { fixture in
            let unit = "moved-\(try await fixture.client.status().instance).scope"
            defer { Fixture.end(unit) }
            let session = try await moved(fixture, fixture.workspace(), to: unit, trap: "TERM")
            let end = try await fixture.client.killSession(session.id)
            #expect(end.outcome == .confirmed, "\(end)")
            #expect(end.ended == .killed)
            #expect(try fixture.world.inUnit(unit).isEmpty)
        }
    }

    @Test func `is ended by the delete of its workspace, whose receipt says so`() async throws {
        try await Fixture.swept { fixture in
            let unit = "moved-\(try await fixture.client.status().instance).scope"
            defer { Fixture.end(unit) }
            let workspace = try await fixture.workspace()
            let session = try await moved(fixture, workspace, to: unit)
            let receipt = try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(timeout: 30))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.outcome == .confirmed)
            #expect(receipt.sessions.map(\.session) == [session.id])
            #expect(receipt.sessions.first?.ended == .terminated, "\(receipt.sessions)")
            #expect(receipt.warnings.contains { $0.contains(unit) }, "\(receipt.warnings)")
            #expect(try fixture.world.inUnit(unit).isEmpty)
        }
    }

    @Test func `is ended by the kill also in a scope beside its own in the workspace's slice`() async throws {
        try await Fixture.swept { fixture in
            let instance = try await fixture.client.status().instance
            let workspace = try await fixture.workspace()
            let unit = "beside-\(instance).scope"
            let session = try await moved(fixture, workspace, to: unit, "--slice=\(workspace.slice)")
            #expect(try fixture.world.inUnit(workspace.slice).count == 1)
            #expect(try await fixture.client.killSession(session.id).outcome == .confirmed)
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)
        }
    }

    /// Somebody else starts and stops what is in a service.
    @Test func `into a service is left alone, and its end is not known (I3)`() async throws {
        try await Fixture.swept { fixture in
            let instance = try await fixture.client.status().instance
            let unit = "host-of-\(instance).service"
            defer { Fixture.end(unit) }
            try Shell.run("systemd-run \(Fixture.manager) --quiet --unit=\(unit) sleep 1000")
            let place = try Shell.run("systemctl \(Fixture.manager) show -p ControlGroup --value \(unit)")
                .trimmingCharacters(in: .newlines)
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace, "trap '' HUP; echo $$ > '/sys/fs/cgroup\(place)/cgroup.procs'; exec sleep 1000")
            try await fixture.eventually("it moved") { try fixture.world.inUnit(unit).count == 2 }
            let end = try await fixture.client.killSession(session.id)
            #expect(end.outcome == .unknown, "\(end)")
            #expect(end.detail?.contains("it is in a service") == true, "\(end)")
            let receipt = try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(timeout: 5))
            #expect(receipt.state == .deleting, "\(receipt)")
            #expect(receipt.outcome == .unknown)
            #expect(FileManager.default.fileExists(atPath: workspace.path))
            #expect(try fixture.world.inUnit(unit).count == 2)
            Fixture.end(unit)
            try await fixture.eventually("the delete goes on by itself") {
                try await fixture.client.receipts(workspace: workspace.id).first?.state == .deleted
            }
        }
    }
}
