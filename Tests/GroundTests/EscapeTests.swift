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
    private func escaped(
        _ fixture: Fixture, unit: String, options: String = ""
    ) async throws -> WorkspaceDocument {
        let workspace = try await fixture.workspace()
        _ = try await fixture.session(
            workspace,
            "trap '' HUP; systemd-run \(Fixture.manager) --quiet --scope --unit=\(unit) \(options) sleep 1000 & exec sleep 1000"
        )
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

    // See EscapeJudgementTests: nobody was told of what had gone where Corral's units are.
    @Test func `is told and left alone where another instance may look after it`() async throws {
        try await Fixture.swept { fixture in
            let unit = "escape-\(try await fixture.client.status().instance).scope"
            defer { Fixture.end(unit) }
            let workspace = try await escaped(fixture, unit: unit, options: "--slice=corral.slice")
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.outcome == .confirmed, "\(receipt)")
            #expect(receipt.escapes.isEmpty)
            let left = try fixture.world.inUnit(unit).map { Int($0.rawValue) }
            #expect(left.count == 1 && receipt.suspects.map(\.pid) == left, "\(receipt)")
        }
    }

    @Test func `is left alive and told where the configuration says so`() async throws {
        let directory = try TemporaryDirectory()
        try Shell.run("printf '[Host]\nEscapes=report\n' > '\(directory.path)/corral.conf'")
        try await Fixture.swept(arguments: ["--configuration", directory.path + "/corral.conf"]) { fixture in
            let unit = "escape-\(try await fixture.client.status().instance).scope"
            defer { Fixture.end(unit) }
            let workspace = try await escaped(fixture, unit: unit)
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.outcome == .escaped, "\(receipt)")
            #expect(receipt.escapes.map(\.action) == [.reported], "\(receipt)")
            #expect(try fixture.world.inUnit(unit).count == 1)
        }
    }

    @Test func `is told by the kill of its session and left alone, since its workspace lives`() async throws {
        try await Fixture.swept { fixture in
            let unit = "escape-\(try await fixture.client.status().instance).scope"
            defer { Fixture.end(unit) }
            let workspace = try await escaped(fixture, unit: unit)
            let bystander = try await fixture.session(workspace, "exec sleep 1000")
            let session = try #require(
                try await fixture.client.sessions(workspace: workspace.id).first { $0.id != bystander.id })
            let left = try #require(try fixture.world.inUnit(unit).first)
            let end = try await fixture.client.killSession(session.id)
            #expect(end.outcome == .confirmed, "\(end)")
            #expect(end.suspects?.map(\.pid) == [Int(left.rawValue)], "\(end)")
            #expect(end.suspects?.first?.action == .reported)
            #expect(end.suspects?.first?.evidence.contains { $0.contains("session \(session.id)") } == true, "\(end)")
            #expect(try fixture.world.inUnit(unit) == [left])
            #expect(try await fixture.client.killSession(bystander.id).suspects == [], "that one is another session's")
        }
    }

    @Test func `is a suspect of the delete when it has a file of the worktree open and nothing else ties it`()
        async throws
    {
        try await Fixture.swept { fixture in
            let instance = try await fixture.client.status().instance
            let (unit, other) = ("reader-\(instance).service", "stranger-\(instance).service")
            defer {
                Fixture.end(unit)
                Fixture.end(other)
            }
            let workspace = try await fixture.workspace()
            let reads = "sh -c 'cd / && exec 9<\"$0\" && exec sleep 1000'"
            for (unit, file) in [(unit, "\(workspace.path)/open"), (other, "/etc/passwd")] {
                if unit != other { try Shell.run("echo x > \(file)") }
                try Shell.run("systemd-run \(Fixture.manager) --quiet --unit=\(unit) \(reads) \(file)")
                try await fixture.eventually("\(file) is open") { try fixture.world.inUnit(unit).count == 1 }
            }
            let reader = try #require(try fixture.world.inUnit(unit).first)
            try await fixture.eventually("the file is open") {
                try DirectoryListing.names(path: "/proc/\(reader)/fd").contains("9")
            }
            var options = DeleteWorkspaceOptions()
            options.force = true
            let receipt = try await fixture.client.deleteWorkspace(workspace.id, options)
            #expect(receipt.outcome == .confirmed, "\(receipt)")
            #expect(receipt.suspects.map(\.pid) == [Int(reader.rawValue)], "\(receipt)")
            #expect(
                receipt.suspects.first?.evidence.contains("it has \(workspace.path)/open open") == true, "\(receipt)")
            #expect(try fixture.world.inUnit(unit) == [reader])
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
