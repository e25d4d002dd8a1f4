import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `What is frozen` {
    private func workspace(_ host: ServiceHost, freezeIdle: Int? = nil) async throws -> WorkspaceDocument {
        let path = host.place.directory.path + "/work"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return try await host.client.createWorkspace(
            CreateWorkspaceRequest(kind: .adopted, path: path, freezeIdle: freezeIdle)
        ).document
    }

    private func session(_ host: ServiceHost, _ workspace: WorkspaceDocument) async throws -> SessionDocument {
        let session = try await host.client.createSession(
            in: workspace.id,
            CreateSessionRequest(
                command: ["/bin/sh", "-c", "stty -echo; echo ready; while read -r line; do echo \"got $line\"; done"])
        ).document
        try await SessionReader(host.client, session.id).waitFor("ready")
        return session
    }

    @Test func `stays so over a restart of the host, and is let go by the next`() async throws {
        try await ServiceHost.run { host in
            let workspace = try await workspace(host)
            let session = try await session(host, workspace)
            _ = try await host.client.freezeWorkspace(workspace.id)
            try await host.kill()
            #expect(try await host.client.session(session.id).frozen == true)
            await #expect {
                try await host.client.sendInput(Array("1\n".utf8), to: session.id)
            } throws: { error in
                guard case HostClientFailure.problem(let problem)? = error as? HostClientFailure else { return false }
                return problem.code == "frozen"
            }
            #expect(try await host.client.thawWorkspace(workspace.id).frozen == false)
            try await host.client.sendInput(Array("2\n".utf8), to: session.id)
            try await SessionReader(host.client, session.id).waitFor("got 2")
        }
    }

    /// Who asked for a freeze outlives the host with the freeze.
    @Test func `for being idle goes on by input to the next host`() async throws {
        try await ServiceHost.run { host in
            let workspace = try await workspace(host, freezeIdle: 1)
            let session = try await session(host, workspace)
            let deadline = Deadline.after(.seconds(60))
            while try await host.client.session(session.id).frozen != true {
                try #require(!deadline.hasPassed, "an idle workspace is frozen")
                await Task.yield()
            }
            try await host.kill()
            #expect(try await host.client.session(session.id).frozen == true)
            try await host.client.sendInput(Array("1\n".utf8), to: session.id)
            try await SessionReader(host.client, session.id).waitFor("got 1")
        }
    }

    // The next host asked anew whether the workspace was frozen, when the one before had thawed it for its teardown already.
    @Test func `comes back from a delete that is given up after a crash in its teardown`() async throws {
        try await ServiceHost.run { host in
            let mark = host.place.directory.path + "/ran"
            let script = "#!/bin/sh\ntest ! -e \(mark) || exit 1\ntouch \(mark)\nexec sleep 1000\n"
            try Shell.run(
                """
                mkdir work; cd work; git init -q .; mkdir .corral; printf '%s' "$SCRIPT" > .corral/teardown; chmod +x .corral/teardown; git add .corral
                git -c user.name=T -c user.email=t@e.org commit -qm teardown
                """, in: host.place.directory.path, environment: ["SCRIPT": script])
            let workspace = try await workspace(host)
            _ = try await host.client.trustRepository(workspace.path)
            let session = try await session(host, workspace)
            _ = try await host.client.freezeWorkspace(workspace.id)
            let request = Task { [client = host.client] in _ = try? await client.deleteWorkspace(workspace.id) }
            let deadline = Deadline.after(.seconds(60))
            while !FileManager.default.fileExists(atPath: mark) {
                try #require(!deadline.hasPassed, "the script runs")
                await Task.yield()
            }
            try await host.kill()
            await request.value
            while try await host.client.session(session.id).frozen != true {
                try #require(!deadline.hasPassed, "it is frozen again")
                await Task.yield()
            }
            #expect(try await host.client.workspace(workspace.id).state == .active)
        }
    }
}
