import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Whose socket lies where clients connect. In one suite with the other tests of the units, which have their names from the same manager.
extension `The units that are shipped` {
    private var socket: String { Self.runtime + "/corral/corral.sock" }

    private func restart() throws { try Shell.run("systemctl \(Self.manager) restart corral-host.service") }

    /// A host whose socket's file was removed bound a new one, and the next host took the unit's old one for reachable, since some
    /// socket lay at the path: it was ready, and nobody could connect to it.
    @Test func `are reached over every restart after the socket's file was removed`() async throws {
        try await installed { client in
            _ = try await client.status()
            try Shell.run("rm '\(socket)'")
            for round in 1...3 {
                try restart()
                #expect(
                    try await "\(client.status(timeout: .seconds(20)).pid)" == property("MainPID"), "restart \(round)")
            }
            #expect(try property("NFileDescriptorStore") == "1", "the host's own socket is kept")
            // The unit's is taken again as soon as it is where clients connect.
            try Shell.run(
                "systemctl \(Self.manager) stop corral-host.service; systemctl \(Self.manager) restart corral.socket")
            _ = try await client.status(timeout: .seconds(20))
            try restart()
            _ = try await client.status(timeout: .seconds(20))
            #expect(try property("NFileDescriptorStore") == "0", "the socket is the unit's")
        }
    }

    /// A host that had made its socket itself removed what lay there at its end, also where systemd had bound another one since.
    @Test func `keep their socket when a host ends whose place it has taken`() async throws {
        try await installed { client in
            try Shell.run("systemctl \(Self.manager) stop corral.socket corral-host.service")
            // As the unit's host, by hand.
            let pidFile = Self.runtime + "/corral-test-host"
            try Shell.launch("'\(Ground.programs)/corral-host'", pidFile: pidFile)
            defer { unlink(pidFile) }
            let started = Deadline.after(.seconds(60))
            var pid = 0
            while pid == 0, !started.hasPassed {
                do { pid = try await client.status().pid } catch HostClientFailure.unreachable { await Task.yield() }
            }
            let process = try #require(try Pidfd.open(ProcessID(Int32(pid))))
            try Shell.run("systemctl \(Self.manager) start corral.socket")
            let file = try Shell.run("stat --format=%i '\(socket)'")
            try process.signal(SIGTERM)
            #expect(try await process.waitForExit(ReadinessMonitor(), until: .after(.seconds(60))))
            #expect(try Shell.run("stat --format=%i '\(socket)'") == file)
            for _ in 1...2 {
                try restart()
                #expect(try await "\(client.status(timeout: .seconds(20)).pid)" == property("MainPID"))
            }
        }
    }
}
