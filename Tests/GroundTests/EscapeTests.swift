import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Processes that leave their workspace's slice, for a delete to look for.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A process that left its workspace's slice` {
    /// A workspace with a process in a scope of its own, outside the slice, started on the session's terminal.
    private func escaped(_ fixture: Fixture, unit: String) async throws -> WorkspaceDocument {
        let workspace = try await fixture.workspace()
        _ = try await fixture.session(
            workspace,
            "trap '' HUP; systemd-run \(Fixture.manager) --quiet --scope --unit=\(unit) sleep 1000 & exec sleep 1000")
        try await fixture.eventually("it left") { try fixture.world.inUnit(unit).count == 1 }
        return workspace
    }

    @Test func `with its tag and on its session's terminal is ended by the delete, whatever tags services carry`()
        async throws
    {
        try await Fixture.swept { fixture in
            let instance = try await fixture.client.status().instance
            let (unit, service) = ("escape-\(instance).scope", "tagged-\(instance).service")
            defer {
                Fixture.end(unit)
                Fixture.end(service)
            }
            let workspace = try await escaped(fixture, unit: unit)
            // Regression: one service that a session had started with `systemd-run --setenv` made every delete report only.
            try Shell.run(
                "systemd-run \(Fixture.manager) --quiet --unit=\(service) --setenv=CORRAL_INSTANCE=\(instance) --setenv=CORRAL_WORKSPACE=\(workspace.id) sleep 1000"
            )
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.outcome == .confirmed, "\(receipt)")
            #expect(receipt.escapes.map(\.action) == [.killed], "\(receipt)")
            #expect(try fixture.world.inUnit(unit).isEmpty)
            #expect(try fixture.world.inUnit(service).count == 1, "a service is somebody else's to stop")
            #expect(!receipt.suspects.isEmpty)
        }
    }

    @Test func `is only reported while the manager hands our tags to every service (I3)`() async throws {
        try await Fixture.swept { fixture in
            let instance = try await fixture.client.status().instance
            let unit = "escape-\(instance).scope"
            defer { Fixture.end(unit) }
            let workspace = try await escaped(fixture, unit: unit)
            try Shell.run("systemctl \(Fixture.manager) set-environment CORRAL_INSTANCE=\(instance)")
            defer { _ = try? Shell.run("systemctl \(Fixture.manager) unset-environment CORRAL_INSTANCE") }
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.outcome == .escaped, "\(receipt)")
            #expect(receipt.escapes.map(\.action) == [.reported])
            let evidence = receipt.escapes.flatMap(\.evidence)
            #expect(evidence.contains { $0.contains("hands the tags of instance") }, "\(evidence)")
            #expect(try fixture.world.inUnit(unit).count == 1)
        }
    }
}
