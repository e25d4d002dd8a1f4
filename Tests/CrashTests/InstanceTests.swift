import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `An instance` {
    @Test func `has one host: a second one is refused and the first goes on`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let session = try await site.survivor(host, site.workspace(host, "one"))
            // With a runtime directory of its own, and with the first one's.
            for runtime in [nil, site.place.runtime] {
                var second = try RunningHost.Place()
                second.arguments = ["--state-directory", site.place.state]
                if let runtime { second.arguments += ["--runtime-directory", runtime] }
                let refused = try await RunningHost.startRefused(second)
                #expect(refused.status == 1)
                #expect(
                    refused.log.contains("lock the index in \(site.place.state): held by process \(host.pidfd.pid)"),
                    "\(refused.log)")
            }
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, session)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `is not taken over by a copy of its state, which kills nothing (I3)`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let session = try await site.survivor(host, site.workspace(host, "one"))
            try await host.kill()
            var copy = try RunningHost.Place()
            try Shell.run("cp -a '\(site.place.state)' '\(copy.state)'")

            // With a runtime directory of its own: the claim lay there once, and a copy met none.
            let apart = try await RunningHost.startRefused(copy)
            #expect(apart.status == 1)
            #expect(apart.log.contains("a copied or replaced state directory"), "\(apart.log)")
            copy.arguments = ["--runtime-directory", site.place.runtime]

            let alone = try await RunningHost.startRefused(copy)
            #expect(alone.status == 1)
            #expect(
                alone.log.contains("a copied or replaced state directory; nothing was marked or killed"), "\(alone.log)"
            )
            #expect(try site.world.inUnit(session.unit).count == 1)

            host = try await site.start()
            let beside = try await RunningHost.startRefused(copy)
            #expect(beside.status == 1)
            #expect(beside.log.contains("nothing was started"), "\(beside.log)")
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, session)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `of another machine is refused, and nothing is marked`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let session = try await site.survivor(host, site.workspace(host, "one"))
            try await host.kill()
            let other = "0123456789abcdef0123456789abcdef"
            let own = try Self.sql(site, "SELECT machine_id FROM instance")
            _ = try Self.sql(site, "UPDATE instance SET machine_id = '\(other)'")

            let refused = try await RunningHost.startRefused(site.place)
            #expect(refused.status == 1)
            #expect(refused.log.contains("it belongs to machine \(other)"), "\(refused.log)")
            #expect(refused.log.contains("nothing was marked or killed"))
            #expect(try Self.sql(site, "SELECT status FROM session WHERE id = '\(session.id)'") == "active")
            #expect(try site.world.inUnit(session.unit).count == 1)

            _ = try Self.sql(site, "UPDATE instance SET machine_id = '\(own)'")
            host = try await site.start()
            try await site.expectUntouched(host, session)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    /// The slices that another namespace shows are others: absence there would prove nothing.
    @Test func `that was used from another cgroup namespace in this boot is refused, and nothing is marked (I3)`()
        async throws
    {
        try await CrashSite.run { site in
            var host = try await site.start()
            let session = try await site.survivor(host, site.workspace(host, "one"))
            try await host.kill()
            let own = try Self.sql(site, "SELECT cgroup_namespace FROM instance")
            // Another namespace, in which the manager has another cgroup.
            _ = try Self.sql(
                site, "UPDATE instance SET cgroup_namespace = cgroup_namespace + 1, cgroup_inode = cgroup_inode + 1")

            let refused = try await RunningHost.startRefused(site.place)
            #expect(refused.status == 1)
            #expect(refused.log.contains("from another cgroup namespace"), "\(refused.log)")
            #expect(refused.log.contains("nothing was marked or killed"))
            #expect(try Self.sql(site, "SELECT status FROM session WHERE id = '\(session.id)'") == "active")
            #expect(try site.world.inUnit(session.unit).count == 1)

            // A manager that was restarted in the same namespace has another cgroup too, and is served.
            _ = try Self.sql(site, "UPDATE instance SET cgroup_namespace = \(own)")
            host = try await site.start()
            try await site.expectUntouched(host, session)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `is not served from inside one of its own sessions`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let inner = try RunningHost.Place()
            let session = try await host.client.createSession(
                in: workspace.id,
                CreateSessionRequest(
                    command: [
                        "/bin/sh", "-c",
                        "\(Ground.programs)/corral-host --state-directory \(inner.state) --runtime-directory \(inner.runtime); exit $?",
                    ])
            ).document
            let (output, ended) = try await SessionReader(host.client, session.id).waitForEnd()
            #expect(ended?.exit?.code == 1)
            #expect(output.contains("start it from a shell outside of Corral's sessions"), "\(output)")
            #expect(!FileManager.default.fileExists(atPath: inner.state))
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    /// Runs one statement on the index of a host that does not run; returns the first column of the first row.
    private static func sql(_ site: CrashSite, _ statement: String) throws -> String {
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as index:
                row = index.execute(sys.argv[2]).fetchone()
            print(row[0] if row else '')
            """
        return try Shell.run(
            "python3 -c \"$SCRIPT\" '\(site.place.state)/index.db' \"$STATEMENT\"",
            environment: ["SCRIPT": script, "STATEMENT": statement]
        ).trimmingCharacters(in: .newlines)
    }
}
