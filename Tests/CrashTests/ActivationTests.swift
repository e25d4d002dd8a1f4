import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `The units that are shipped` {
    private static var manager: String { Ground.isSystem ? "--system" : "--user" }
    /// Where units of this boot lie, and where the socket is.
    private static var runtime: String {
        Ground.isSystem ? "/run" : ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? "/run/user/\(getuid())"
    }

    /// Installs them for this boot, runs a body, and takes everything away again.
    private func installed(_ body: (HostClient) async throws -> Void) async throws {
        let units = Self.runtime + (Ground.isSystem ? "/systemd/system" : "/systemd/user")
        try Shell.run(
            """
            mkdir -p '\(units)'
            cp '\(Ground.packaging)'/systemd/corral-host.service '\(Ground.packaging)'/systemd/corral.socket '\(units)'
            sed -i 's|^ExecStart=corral-host|ExecStart=\(Ground.programs)/corral-host|' '\(units)/corral-host.service'
            systemctl \(Self.manager) daemon-reload
            systemctl \(Self.manager) start corral.socket
            """)
        func remove() throws {
            try Shell.run(
                """
                systemctl \(Self.manager) stop corral.socket corral-host.service corral.slice || true
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

    private func property(_ name: String) throws -> String {
        try Shell.run("systemctl \(Self.manager) show --value --property=\(name) corral-host.service")
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

    @Test func `are such that systemd finds nothing to say about them`() throws {
        let directory = try TemporaryDirectory()
        // The programs lie elsewhere here.
        try Shell.run(
            """
            cp -r '\(Ground.packaging)'/systemd/. '\(directory.path)'
            sed -i 's|^ExecStart=corral-|ExecStart=\(Ground.programs)/corral-|' '\(directory.path)'/*.service
            """)
        for unit in ["corral-host.service", "corral.socket", "corral-reaper.service", "corral-reaper.timer"] {
            let said = try Shell.run("systemd-analyze \(Self.manager) verify '\(directory.path)/\(unit)' 2>&1 || true")
            let own = said.split(separator: "\n").filter { $0.contains("corral") }
            #expect(own.isEmpty, "\(unit): \(own)")
        }
    }
}
