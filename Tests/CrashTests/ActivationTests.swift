import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `The units that are shipped` {
    static var manager: String { Ground.isSystem ? "--system" : "--user" }
    /// Where units of this boot lie, and where the socket is.
    static var runtime: String {
        Ground.isSystem ? "/run" : ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? "/run/user/\(getuid())"
    }

    /// Installs them for this boot, runs a body, and takes everything away again.
    func installed(watchdog: String = "60s", _ body: (HostClient) async throws -> Void) async throws {
        let units = Self.runtime + (Ground.isSystem ? "/systemd/system" : "/systemd/user")
        try Shell.run(
            """
            mkdir -p '\(units)'
            cp '\(Ground.packaging)'/systemd/corral-host.service '\(Ground.packaging)'/systemd/corral.socket '\(units)'
            # The timer is not installed.
            sed -i '/^Also=/d' '\(units)/corral-host.service' '\(units)/corral.socket'
            sed -i 's|^ExecStart=corral-host|ExecStart=\(Ground.programs)/corral-host|' '\(units)/corral-host.service'
            # One that is stopped does not hear SIGABRT.
            sed -i 's|^WatchdogSec=.*|WatchdogSec=\(watchdog)|; s|^TimeoutAbortSec=.*|TimeoutAbortSec=1s|' '\(units)/corral-host.service'
            systemctl \(Self.manager) daemon-reload
            systemctl \(Self.manager) start corral.socket
            """)
        func remove() throws {
            try Shell.run(
                """
                systemctl \(Self.manager) stop corral.socket corral-host.service corral.slice || true
                systemctl \(Self.manager) --runtime --quiet disable corral.socket || true
                rm -f '\(units)/corral-host.service' '\(units)/corral.socket'
                systemctl \(Self.manager) daemon-reload
                """)
        }
        do {
            try await body(HostClient(socketPath: Self.runtime + "/corral/corral.sock"))
        } catch {
            try remove()
            throw error
        }
        try remove()
    }

    /// A property of a unit, as systemd tells it.
    func property(_ name: String, of unit: String = "corral-host.service") throws -> String {
        try Shell.run("systemctl \(Self.manager) show --value --property=\(name) \(unit)")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func `start the host for the first client, and keep its socket over a crash`() async throws {
        try await installed { client in
            #expect(try property("ActiveState") == "inactive")
            let status = try await client.status()
            #expect(status.keepsTerminals)
            #expect(try property("ActiveState") == "active")
            #expect(try property("NFileDescriptorStore") == "0", "the socket is the unit's")
            let monitor = try ReadinessMonitor()
            let process = try #require(try Pidfd.open(ProcessID(Int32(status.pid))))
            try process.signal(SIGKILL)
            #expect(try await process.waitForExit(monitor, until: .after(.seconds(30))))
            #expect(try await client.status().pid != status.pid)
        }
    }

    @Test func `have the host replaced when it hangs, and its sessions go on`() async throws {
        try await installed(watchdog: "2s") { client in
            let before = try await client.status()
            let directory = try TemporaryDirectory()
            let workspace = try await client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: directory.path)
            ).document
            let request = CreateSessionRequest(
                command: ["/bin/sh", "-c", "echo ready; read line; echo got $line; exec sleep 1000"])
            let session = try await client.createSession(in: workspace.id, request).document
            try await SessionReader(client, session.id).waitFor("ready")
            // A host that gives signs of life is left alone for longer than the manager waits for one.
            let end = try await client.wait(for: WaitRequest(for: .idle, idleSeconds: 3, timeout: 30), in: session.id)
            #expect(end.outcome == .idle)
            #expect(try await client.status().pid == before.pid)

            let process = try #require(try Pidfd.open(ProcessID(Int32(before.pid))))
            try process.signal(SIGSTOP)
            #expect(try await process.waitForExit(ReadinessMonitor(), until: .after(.seconds(60))))
            #expect(try await client.status().pid != before.pid)
            #expect(try property("NRestarts") == "1")
            try await client.sendInput(Array("on\r".utf8), to: session.id)
            try await SessionReader(client, session.id).waitFor("got on")
            #expect(try await client.session(session.id).leaderPid == session.leaderPid)
            #expect(try await client.deleteWorkspace(workspace.id).outcome == .confirmed)
        }
    }

    /// Sessions are forked from the host and inherited its place in the order in which the kernel ends processes for want of memory.
    @Test func `protect the host from the out-of-memory killer, and not its sessions`() async throws {
        try await installed { client in
            let usual = try Shell.run("systemctl \(Self.manager) show --value --property=DefaultOOMScoreAdjust")
            let directory = try TemporaryDirectory()
            let workspace = try await client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: directory.path)
            ).document
            let request = CreateSessionRequest(command: ["/bin/sh", "-c", "echo ready; exec sleep 1000"])
            let session = try await client.createSession(in: workspace.id, request).document
            try await SessionReader(client, session.id).waitFor("ready")
            let leader = try #require(session.leaderPid)
            #expect(try Shell.run("cat /proc/\(leader)/oom_score_adj") == usual)
            let host = try Shell.run("cat /proc/\(try await client.status().pid)/oom_score_adj")
            // A container's root may have no CAP_SYS_RESOURCE; a user's manager lies above what its services have.
            if !Ground.isSystem { #expect(host == "100\n") }
            #expect(try await client.deleteWorkspace(workspace.id).outcome == .confirmed)
        }
    }

    @Test func `are such that systemd finds nothing to say about them`() throws {
        let directory = try TemporaryDirectory()
        // The programs lie elsewhere here, and the manual is not installed.
        try Shell.run(
            """
            cp -r '\(Ground.packaging)'/systemd/. '\(directory.path)'
            sed -i 's|^ExecStart=corral-|ExecStart=\(Ground.programs)/corral-|; /^Documentation=/d' $(find '\(directory.path)' -type f)
            """)
        for unit in [
            "corral-host.service", "corral.socket", "corral-reaper.service", "corral-reaper.timer", "corral.slice",
        ] {
            let said = try Shell.run("systemd-analyze \(Self.manager) verify '\(directory.path)/\(unit)' 2>&1 || true")
            let own = said.split(separator: "\n").filter { $0.contains("corral") }
            #expect(own.isEmpty, "\(unit): \(own)")
        }
    }
}
