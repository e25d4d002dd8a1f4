import CgroupPty
import Foundation
import Glibc
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `What a host leaves to the next one` {
    // Symptom: what systemd kept under a name that no host knows was handed over and closed again at every start, for ever. Cause: nobody told
    // systemd to let go of it.
    @Test func `is let go of when nobody has a use for it`() async throws {
        var place = try RunningHost.Place()
        // Has systemd keep two more descriptors before the first host begins, in the same process.
        let program = place.directory.path + "/leaves-descriptors"
        let kept = place.directory.path + "/kept"
        try """
        #!/usr/bin/python3
        import array, os, socket, sys
        if not os.path.exists('\(kept)'):
            open('\(kept)', 'w').close()
            sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            address = os.environ['NOTIFY_SOCKET']
            for name in ['junk', 'session-abcd1']:
                ends = socket.socketpair()
                sender.sendmsg([b'FDSTORE=1\\nFDPOLL=0\\nFDNAME=' + name.encode()], [(socket.SOL_SOCKET,
                    socket.SCM_RIGHTS, array.array('i', [ends[0].fileno()]))], 0,
                    '\\0' + address[1:] if address[0] == '@' else address)
        os.execv('\(Ground.programs)/corral-host', ['corral-host'] + sys.argv[1:])
        """.write(toFile: program, atomically: true, encoding: .utf8)
        try Shell.run("chmod +x '\(program)'")
        place.program = program
        let host = try ServiceHost(place)
        defer { host.sweep() }
        try await RunningHost.eventually("systemd keeps them, and the socket") { try host.storedDescriptors() == 3 }
        try await host.kill()
        try await RunningHost.eventually("only the socket is kept") { try host.storedDescriptors() == 1 }
        #expect(try await host.client.sessions().isEmpty)
    }

    // Symptom: the terminal of a session that no record explains was held until the next restart, after `corral reap --unclaimed` had ended
    // it. Cause: only a row that was given back took it out of those that wait for one.
    @Test func `of a session without a record is let go of when that has ended`() async throws {
        try await ServiceHost.run { host in
            let unit = try await sessionWithoutRecord(host.client, host.place)
            try await host.kill()
            let world = ProcessWorld()
            try await RunningHost.eventually("the first pass was made") {
                try await host.client.status().reaper.passes > 0
            }
            #expect(try world.inUnit(unit).count == 1, "it is left alone")
            #expect(try host.storedDescriptors() == 2)
            let pass = try await host.client.reap(unclaimed: true)
            #expect(pass.reaped == 1)
            #expect(try world.inUnit(unit).isEmpty)
            try await RunningHost.eventually("only the socket is kept") { try host.storedDescriptors() == 1 }
        }
    }

    // Symptom: the second SIGUSR2 hung such a terminal up. Cause: only those that had been claimed were handed over.
    @Test func `of a session without a record goes on from one to the next in the foreground`() async throws {
        let place = try RunningHost.Place()
        let host = try await RunningHost.start(place)
        let unit = try await sessionWithoutRecord(host.client, place)
        let world = ProcessWorld()
        for _ in 1...3 {
            try await succeed(host)
            #expect(try world.inUnit(unit).count == 1)
        }
        _ = try await host.client.reap(unclaimed: true)
        #expect(try world.inUnit(unit).isEmpty)
        try await host.stop()
    }

    // Symptom: after SIGUSR2 `ulimit -n` said 524288 in new sessions, and programs that close all descriptors took seconds. Cause: the limit
    // that the host had raised for itself was taken for the one that it was started with.
    @Test func `includes how many descriptors a session may have`() async throws {
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        let before = limit
        limit.rlim_cur = 1000
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        let place = try RunningHost.Place()
        let host: RunningHost
        do {
            defer {
                var before = before
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
            }
            host = try await RunningHost.start(place)
        }
        for _ in 1...3 {
            let session = try await place.session(host.client, ["/bin/sh", "-c", "ulimit -n"])
            _ = try await SessionReader(host.client, session.id).waitForEnd()
            let output = try await host.client.output(of: session.id)
            #expect(String(decoding: output.bytes, as: UTF8.self) == "1000\r\n")
            try await succeed(host)
        }
        try await host.stop()
    }

    // Symptom: the rest of a paste into a program that did not read was lost at a restart, and nobody was told.
    @Test func `is no input that its program has not read, which the log says`() async throws {
        try await ServiceHost.run { host in
            let session = try await host.place.session(
                host.client, ["/bin/sh", "-c", "stty raw -echo; echo ready; exec sleep 10000"])
            try await SessionReader(host.client, session.id).waitFor("ready")
            let input = [UInt8](repeating: UInt8(ascii: "x"), count: 300 << 10)
            try await host.client.sendInput(input, to: session.id)
            try host.restart()
            #expect(try await host.client.session(session.id).terminal == .open)
            let log = try String(contentsOfFile: host.place.log, encoding: .utf8)
            let line = try #require(log.split(separator: "\n").first { $0.contains("bytes of input are lost") })
            let counts = line.split(separator: " " as Character).compactMap { Int($0) }
            #expect(counts.contains { (1..<input.count).contains($0) }, "\(line)")
        }
    }

    // MARK: Means

    /// - Returns: its unit.
    private func sessionWithoutRecord(_ client: HostClient, _ place: RunningHost.Place) async throws -> String {
        let session = try await place.session(client, ["/bin/sleep", "10000"])
        try Shell.run(
            """
            python3 -c 'import sqlite3, sys
            index = sqlite3.connect(sys.argv[1], timeout=30)
            with index:
                for table in ["session", "workspace"]: assert index.execute("DELETE FROM " + table).rowcount == 1' \
            '\(place.state)/index.db'
            """)
        return session.unit
    }

    private func succeed(_ host: RunningHost) async throws {
        let status = try await host.client.status()
        try host.pidfd.signal(SIGUSR2)
        try await RunningHost.eventually("another build serves, and has made its first pass") {
            do {
                let now = try await host.client.status()
                return now.startedAt != status.startedAt && now.reaper.passes > 0
            } catch { return false }
        }
    }
}
