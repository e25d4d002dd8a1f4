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
            try Shell.launch(
                "systemd-run \(manager) --quiet --scope --slice=corral-\(site.instance)-\(workspace.id).slice --unit=\(unit) sleep 1000",
                pidFile: site.place.directory.path + "/launched")
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

    /// The process that ``Shell/launch(_:pidFile:)`` has started, with a newline.
    private static func launched(_ site: CrashSite) throws -> String {
        try String(contentsOfFile: site.place.directory.path + "/launched", encoding: .utf8)
    }

    @Test func `is waited for by a host that starts meanwhile: once it was refused`() async throws {
        try await CrashSite.run { site in
            try await site.start().kill()
            let lock = try site.place.launchSlowReaper()
            try await site.eventually("the reaper has the lock") {
                FileManager.default.contents(atPath: lock).map { String(decoding: $0, as: UTF8.self) }
                    == (try Self.launched(site))
            }
            let pid = try #require(ProcessID(Self.launched(site).trimmingCharacters(in: .newlines)))
            let host = try await site.start()
            #expect(try Procfs().stat(pid).map { "ZX".contains($0.state) } ?? true, "it was waited for")
            try await host.stop()
        }
    }

    /// Regression: whoever read the lock's file between a reaper's lock and its number, or after its end, found no reaper there
    /// and was refused at once: a host that started just as `corral-reaper` began or ended.
    @Test(arguments: ["empty", "dead", "empty and named later"])
    func `is waited for also by a host that cannot read its number`(content: String) async throws {
        try await CrashSite.run { site in
            try await site.start().kill()
            let lock = site.place.state + "/index.lock"
            let slow = site.place.directory.path + "/corral-reaper"
            let mark = site.place.directory.path + "/locked"
            let text =
                switch content {
                // Of a process that has exited and was collected.
                case "dead": "sh -c 'echo $$' > \(lock)"
                case "empty": ": > \(lock)"
                default: ": > \(lock); (exec 9>&-; sleep 0.3; echo $$ > \(lock)) &"
                }
            try Shell.run("cp \"$(command -v sleep)\" '\(slow)'")
            try Shell.run(
                "printf '%s\\n' \"$SCRIPT\" > holder", in: site.place.directory.path,
                environment: ["SCRIPT": "exec 9>>\(lock); flock 9; \(text)\n: > \(mark); exec \(slow) 2"])
            try Shell.launch(
                "sh '\(site.place.directory.path)/holder'", pidFile: site.place.directory.path + "/launched")
            try await site.eventually("the lock is held") { FileManager.default.fileExists(atPath: mark) }
            let pid = try #require(ProcessID(Self.launched(site).trimmingCharacters(in: .newlines)))
            let host = try await site.start()
            #expect(try Procfs().stat(pid).map { "ZX".contains($0.state) } ?? true, "it was waited for")
            try await host.stop()
        }
    }

    /// Regression: a row whose end was asked for and whose leader had left its scope was kept for good.
    @Test func `ends a stamped session whose leader moved to another cgroup (I2)`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let kept = try await site.survivor(host, workspace)
            let unit = "moved-\(try site.instance).scope"
            let manager = Ground.isSystem ? "--system" : "--user"
            defer { _ = try? Shell.run("systemctl \(manager) kill -s KILL '\(unit)' || true") }
            let moved = try await host.client.createSession(
                in: workspace.id,
                CreateSessionRequest(command: [
                    "/bin/sh", "-c",
                    "trap '' HUP; exec systemd-run \(manager) --quiet --scope --unit=\(unit) sleep 1000",
                ])
            ).document
            try await site.eventually("it moved") {
                try site.world.inUnit(unit).count == 1 && site.world.inUnit(moved.unit).isEmpty
            }
            let client = host.client
            try await site.crash(host, at: "killStamped") { _ = try await client.killSession(moved.id) }
            #expect(try site.world.inUnit(unit).count == 1)
            #expect(try reap(site, "--dry-run").contains("would reap \(moved.unit)"))
            #expect(try site.world.inUnit(unit).count == 1)
            #expect(try reap(site).contains("reaped \(moved.unit)"))
            #expect(try site.world.inUnit(unit).isEmpty)

            host = try await site.restart(clearing: "killStamped")
            #expect(try await host.client.session(moved.id).status == .disposed)
            try await site.expectUntouched(host, kept)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }
}
