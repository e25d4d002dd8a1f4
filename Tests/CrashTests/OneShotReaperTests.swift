import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `corral-reaper` {
    /// Runs it for the site's instance; returns what it printed.
    @discardableResult
    private func reap(_ site: CrashSite, _ options: String = "") throws -> String {
        try Shell.run(
            "'\(Ground.programs)/corral-reaper' --state-directory '\(site.place.state)' --runtime-directory '\(site.place.runtime)' \(options) 2>&1"
        )
    }

    @Test func `ends what a dead host was told to end, and leaves the living alone (I4)`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let kept = try await site.survivor(host, workspace)
            let stamped = try await site.survivor(host, workspace)
            let client = host.client
            try await site.crash(host, at: "killStamped") { _ = try await client.killSession(stamped.id) }
            #expect(try site.world.inUnit(stamped.unit).count == 1)
            #expect(try reap(site, "--dry-run").contains("would reap \(stamped.unit)"))
            #expect(try site.world.inUnit(stamped.unit).count == 1)
            #expect(try reap(site).contains("reaped \(stamped.unit)"))
            #expect(try site.world.inUnit(stamped.unit).isEmpty)
            #expect(try site.world.inUnit(kept.unit).count == 1)

            host = try await site.restart(clearing: "killStamped")
            #expect(try await host.client.session(stamped.id).status == .disposed)
            try await site.expectUntouched(host, kept)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `remembers an orphan from one run to the next, and ends it with the second look (I3)`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            #expect(try await host.client.deleteWorkspace(workspace.id).outcome == .confirmed)
            try await host.kill()
            let unit = "corral-\(try site.instance)-\(workspace.id)-sorphan.scope"
            let manager = Ground.isSystem ? "--system" : "--user"
            try Shell.run(
                "setsid systemd-run \(manager) --quiet --scope --slice=corral-\(site.instance)-\(workspace.id).slice --unit=\(unit) sleep 1000 </dev/null >/dev/null 2>&1 &"
            )
            try await site.eventually("the orphan runs") { try site.world.inUnit(unit).count == 1 }
            #expect(try reap(site).contains("remembered \(unit)"))
            #expect(try site.world.inUnit(unit).count == 1)
            #expect(try reap(site).contains("reaped \(unit)"))
            #expect(try site.world.inUnit(unit).isEmpty)
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `asks the host that runs for a pass`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            try await site.eventually("the first pass") { try await host.client.reaper().passes > 0 }
            let before = try await host.client.reaper().passes
            try reap(site)
            #expect(try await host.client.reaper().passes == before + 1)
            try await host.stop()
        }
    }

    @Test func `is waited for by a host that starts meanwhile: once it was refused`() async throws {
        try await CrashSite.run { site in
            try await site.start().kill()
            // A reaper that takes its time, in the place of the real one.
            let lock = site.place.state + "/index.lock"
            let slow = site.place.directory.path + "/corral-reaper"
            try Shell.run(
                """
                cp "$(command -v sleep)" '\(slow)'
                exec 9>>'\(lock)'; flock 9
                setsid sh -c 'echo $$ > "\(lock)"; exec "\(slow)" 3' </dev/null >/dev/null 2>&1 &
                """)
            let pid = try #require(
                ProcessID(
                    String(decoding: FileManager.default.contents(atPath: lock) ?? Data(), as: UTF8.self)
                        .trimmingCharacters(in: .newlines)))
            let host = try await site.start()
            #expect(try Procfs().stat(pid).map { "ZX".contains($0.state) } ?? true, "it was waited for")
            try await host.stop()
        }
    }
}
