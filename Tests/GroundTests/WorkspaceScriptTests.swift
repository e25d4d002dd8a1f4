import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A workspace's script` {
    @Test func `is not run unless its very content is trusted`() async throws {
        try await Fixture.run { fixture in
            let mark = fixture.directory.path + "/ran"
            try fixture.repository.commitScript("setup", "echo setup >> \(mark)")
            let first = try await fixture.workspace("first")
            #expect(!FileManager.default.fileExists(atPath: mark))
            #expect(first.detail?.contains("corral repository trust") == true)

            let trust = try await fixture.client.trustRepository(fixture.repository.path)
            #expect(trust.trusted == ["setup"])
            let second = try await fixture.workspace("second")
            #expect(second.detail == nil)
            #expect(try String(contentsOfFile: mark, encoding: .utf8) == "setup\n")

            try fixture.repository.commitScript("setup", "echo changed >> \(mark)")
            let third = try await fixture.workspace("third")
            #expect(third.detail?.contains("not trusted") == true)
            #expect(try String(contentsOfFile: mark, encoding: .utf8) == "setup\n")
        }
    }

    /// It stood in `workspace show` alone, and the session of the next command lacked what the script would have made.
    @Test func `that is skipped is told by the command that would have run it`() async throws {
        try await Fixture.run { fixture in
            try fixture.repository.commitScript("setup", "true")
            let said = try Shell.run(
                "'\(Fixture.program)' workspace create --socket '\(fixture.host.place.socket)' --repository . --branch one 2>&1 >/dev/null",
                in: fixture.repository.path)
            #expect(said.hasPrefix("corral: ") && said.contains("/setup was skipped: it is not trusted"), "\(said)")
        }
    }

    // Symptom: a setup script did not run, and nothing said so. Cause: one that is no executable file counted as none.
    @Test func `that is no executable file is skipped and said to be`() async throws {
        try await Fixture.run { fixture in
            try fixture.repository.commitScript("setup", "true")
            try Shell.run(
                "chmod -x .corral/setup; git add -A; git -c user.name=t -c user.email=t@t commit --quiet -m plain",
                in: fixture.repository.path)
            #expect(try await fixture.client.trustRepository(fixture.repository.path).trusted == [])
            let workspace = try await fixture.workspace()
            #expect(workspace.detail?.contains("it is not an executable file") == true, "\(workspace.detail ?? "none")")
        }
    }

    @Test func `that fails leaves the workspace failed, kept and reported`() async throws {
        try await Fixture.run { fixture in
            try fixture.repository.commitScript("setup", "echo went wrong; exit 3")
            _ = try await fixture.client.trustRepository(fixture.repository.path)
            let workspace = try await fixture.workspace()
            #expect(workspace.state == .failed)
            #expect(workspace.detail?.contains("exited with status 3") == true)
            #expect(workspace.detail?.contains("went wrong") == true)
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
        }
    }

    @Test func `for teardown runs before the sessions end, and its failure keeps the workspace`() async throws {
        try await Fixture.run { fixture in
            let mark = fixture.directory.path + "/torn"
            // The session is still there while the script runs.
            try fixture.repository.commitScript(
                "teardown",
                "systemctl \(Ground.isSystem ? "--system" : "--user") is-active \"corral-$CORRAL_INSTANCE-$CORRAL_WORKSPACE-mysession1.scope\" > \(mark); test ! -e \(fixture.directory.path)/stop"
            )
            _ = try await fixture.client.trustRepository(fixture.repository.path)
            let workspace = try await fixture.workspace()
            _ = try await fixture.client.createSession(
                in: workspace.id, CreateSessionRequest(id: "mysession1", command: ["/bin/sleep", "1000"]))
            try Shell.run("touch stop", in: fixture.directory.path)
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } != nil)
            #expect(try String(contentsOfFile: mark, encoding: .utf8) == "active\n")
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            #expect(try await fixture.client.session("mysession1").members == 1)
            // Force does not skip it; `skip` does.
            #expect(
                try await Fixture.code {
                    try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(force: true))
                } != nil)
            let receipt = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(teardown: .skip))
            #expect(receipt.state == .deleted)
        }
    }

    @Test func `for teardown is not run at a delete unless its very content is trusted`() async throws {
        try await Fixture.run { fixture in
            let mark = fixture.directory.path + "/torn"
            try fixture.repository.commitScript("teardown", "echo untrusted >> \(mark)")
            let untrusted = try await fixture.client.deleteWorkspace(fixture.workspace("untrusted").id)
            #expect(untrusted.state == .deleted, "\(untrusted)")
            #expect(untrusted.warnings.contains { $0.contains("corral repository trust") }, "\(untrusted.warnings)")
            #expect(!FileManager.default.fileExists(atPath: mark))

            _ = try await fixture.client.trustRepository(fixture.repository.path)
            // Changed where it would run, and committed, so that nothing else stands in the way.
            let workspace = try await fixture.workspace("changed")
            try Shell.run(
                "echo 'echo changed >> \(mark)' >> .corral/teardown; git -c user.name=T -c user.email=t@e.org commit -qam changed",
                in: workspace.path)
            let changed = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(changed.state == .deleted, "\(changed)")
            #expect(changed.warnings.contains { $0.contains("has changed since") }, "\(changed.warnings)")
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test func `that takes too long is ended with its whole tree`() async throws {
        try await Fixture.run(arguments: ["--script-timeout", "1"]) { fixture in
            try fixture.repository.commitScript("teardown", "trap '' TERM HUP; setsid sleep 4321 & sleep 4322")
            _ = try await fixture.client.trustRepository(fixture.repository.path)
            let workspace = try await fixture.workspace()
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } != nil)
            #expect(try fixture.world.running("sleep 432").isEmpty)
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            let receipt = try await fixture.client.receipts(workspace: workspace.id).first
            #expect(receipt?.state == .kept)
            #expect(receipt?.detail?.contains("longer than 1 s") == true)
        }
    }
}
