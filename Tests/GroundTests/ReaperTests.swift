import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `The reaper` {
    /// A fixture whose host has made its first pass, and its instance.
    private func swept(_ body: (Fixture, String) async throws -> Void) async throws {
        try await Fixture.swept { fixture in
            // Not before the pass at readiness, which would count as a look.
            try await fixture.eventually("the first pass") { try await fixture.client.reaper().passes > 0 }
            try await body(fixture, try await fixture.client.status().instance)
        }
    }

    @Test func `remembers an orphan of a deleted workspace, and reaps it with the second look (I3)`() async throws {
        try await swept { fixture, instance in
            let workspace = try await fixture.workspace()
            let other = try await fixture.workspace("other")
            let bystander = try await fixture.session(other, "exec sleep 1000")
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
            let unit = Fixture.scope(instance, workspace.id, "sorphan")
            try await fixture.orphan(unit, slice: workspace.slice)
            let first = try await fixture.client.reap()
            #expect(first.remembered == 1, "\(first)")
            #expect(first.reaped == 0)
            #expect(try fixture.world.inUnit(unit).count == 1)
            let second = try await fixture.client.reap()
            #expect(second.reaped == 1, "\(second)")
            #expect(second.actions.contains { $0.contains(unit) }, "\(second.actions)")
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)
            #expect(try await fixture.client.session(bystander.id).members == 1)
            #expect(try await fixture.client.reap().reaped == 0)
        }
    }

    @Test func `lists an orphan of an unknown workspace, and ends it only when told to (I3)`() async throws {
        try await swept { fixture, instance in
            let unit = Fixture.scope(instance, "wunknown", "sorphan")
            try await fixture.orphan(unit, slice: "corral-\(instance)-wunknown.slice")
            #expect(try await fixture.client.reap(unclaimed: true).remembered == 1)
            for _ in 1...2 {
                let pass = try await fixture.client.reap()
                #expect(pass.unclaimed.map(\.unit) == [unit], "\(pass)")
                #expect(pass.unclaimed.first?.members == 1)
                #expect(pass.reaped == 0)
                #expect(try fixture.world.inUnit(unit).count == 1)
            }
            let told = try await fixture.client.reap(unclaimed: true)
            #expect(told.reaped == 1, "\(told)")
            #expect(try fixture.world.inUnit(unit).isEmpty)
        }
    }

    @Test func `gives an orphan of a living workspace its row back (I4)`() async throws {
        try await swept { fixture, instance in
            let workspace = try await fixture.workspace()
            let unit = Fixture.scope(instance, workspace.id, "sorphan")
            try await fixture.orphan(unit, slice: workspace.slice)
            #expect(try await fixture.client.reap().remembered == 1)
            let second = try await fixture.client.reap()
            #expect(second.recovered == 1, "\(second)")
            let third = try await fixture.client.reap()
            #expect(third.kept == 1, "\(third)")
            let session = try await fixture.client.session("sorphan")
            #expect(session.status == .active)
            #expect(session.members == 1)
            #expect(session.terminal == .lost)
            let end = try await fixture.client.killSession("sorphan")
            #expect(end.outcome == .confirmed)
            #expect(try fixture.world.inUnit(unit).isEmpty)
        }
    }

    @Test func `never acts on another instance's scope`() async throws {
        try await swept { fixture, _ in
            let slice = "corral-deadbeef-wxxxx1.slice"
            let unit = Fixture.scope("deadbeef", "wxxxx1", "sxxxx1")
            defer { Fixture.end("corral-deadbeef.slice") }
            try await fixture.orphan(unit, slice: slice)
            for _ in 1...2 {
                let pass = try await fixture.client.reap(unclaimed: true)
                #expect(pass.skipped["other_instance"] == 1, "\(pass)")
                #expect(pass.unclaimed.isEmpty)
                #expect(pass.reaped == 0)
            }
            #expect(try fixture.world.inUnit(unit).count == 1)
        }
    }

    @Test func `kills no session of a living workspace when the index is put back to an old copy (I4)`() async throws {
        let place = try RunningHost.Place()
        let before = try await Fixture.make(place)
        let instance = try await before.client.status().instance
        defer { Fixture.sweep(instance) }
        let workspace = try await before.workspace()
        try await before.end()
        let index = place.state + "/index.db"
        let copy = place.directory.path + "/copy"
        try Shell.run("mkdir '\(copy)'; cp '\(index)'* '\(copy)'")

        let during = try await RunningHost.start(place)
        var sessions: [SessionDocument] = []
        for _ in 1...3 {
            // The terminal goes with this host, and hangs its session up.
            let session = try await during.client.createSession(
                in: workspace.id,
                CreateSessionRequest(command: ["/bin/sh", "-c", "trap '' HUP; echo ready; exec sleep 1000"])
            ).document
            try await SessionReader(during.client, session.id).waitFor("ready")
            sessions.append(session)
        }
        try await during.kill()
        // Over the old file, so that the instance's claim still names it.
        try Shell.run(
            "rm -f '\(index)-wal' '\(index)-shm'; for file in '\(copy)'/*; do cat \"$file\" > '\(place.state)'/${file##*/}; done"
        )

        let after = try await RunningHost.start(place)
        let world = before.world
        // It takes two looks, and one of them may be the pass that the host makes by itself: whichever recovers them, they are known.
        for _ in 1...3 { _ = try await after.client.reap() }
        for session in sessions {
            #expect(try world.inUnit(session.unit).count == 1)
            #expect(try await after.client.session(session.id).status == .active)
        }
        let receipt = try await after.client.deleteWorkspace(workspace.id)
        #expect(receipt.state == .deleted, "\(receipt)")
        #expect(receipt.sessions.count == 3)
        #expect(try world.inUnit(workspace.slice).isEmpty)
        try await after.stop()
    }

    @Test func `stops a scope that is active for systemd and holds nothing`() async throws {
        try await swept { fixture, instance in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            let unit = Fixture.scope(instance, workspace.id, "szombie")
            let pid = fixture.directory.path + "/zombie"
            // A parent that never collects its child, which has exited by the time the scope is started on it: not before the parent
            // is no shell any more, since a shell may collect it.
            let child = "until grep -qx sleep /proc/\\$PPID/comm; do :; done"
            try Shell.launch(
                "sh -c 'sh -c \"\(child)\" & echo $! > \(pid); exec sleep 1000'", pidFile: pid + ".parent")
            defer { _ = try? Shell.run("kill -KILL $(cat '\(pid).parent')") }
            try await fixture.eventually("a zombie") {
                (try? Shell.run("grep -q '^State:.Z' /proc/$(cat '\(pid)')/status")) != nil
            }
            try Shell.run(
                """
                busctl \(Fixture.manager) call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \
                  StartTransientUnit 'ssa(sv)a(sa(sv))' \(unit) fail 2 PIDs au 1 $(cat '\(pid)') Slice s \(workspace.slice) 0
                """)
            let state = "systemctl \(Fixture.manager) show -p ActiveState --value \(unit)"
            var found = ""
            try await fixture.eventually("the scope is started") {
                found = try Shell.run(state).trimmingCharacters(in: .whitespacesAndNewlines)
                return found != "activating" && found != "inactive"
            }
            guard found == "active" else {
                try Test.cancel("this systemd does not start a scope on a zombie: \(found)")
            }
            #expect(try fixture.world.inUnit(unit).isEmpty)
            let pass = try await fixture.client.reap()
            #expect(pass.actions.contains { $0.contains(unit) }, "\(pass)")
            #expect(pass.reaped == 0)
            #expect(try fixture.world.units(unit).isEmpty)
            #expect(try await fixture.client.session(session.id).members == 1)
        }
    }

    @Test func `resets units that a failed stop has left`() async throws {
        try await swept { fixture, instance in
            let unit = Fixture.scope(instance, "wfailed", "sfailed")
            // systemd's stop runs into its timeout, which leaves a failed unit where nobody asks for its collection.
            try Shell.launch(
                "systemd-run \(Fixture.manager) --quiet --scope --slice=corral-\(instance)-wfailed.slice --unit=\(unit) -p TimeoutStopSec=200ms sh -c 'trap \"\" TERM; while :; do sleep 1000; done'",
                pidFile: fixture.directory.path + "/launched")
            try await fixture.eventually("the scope runs") { try fixture.world.inUnit(unit).count == 2 }
            try Shell.run("systemctl \(Fixture.manager) stop \(unit)")
            #expect(try Shell.run("systemctl \(Fixture.manager) show -p ActiveState --value \(unit)") == "failed\n")
            let pass = try await fixture.client.reap()
            #expect(pass.actions.contains { $0.contains(unit) }, "\(pass)")
            #expect(try fixture.world.units(unit).isEmpty)
        }
    }

    @Test func `changes nothing in a dry run, and remembers nothing`() async throws {
        try await swept { fixture, instance in
            let workspace = try await fixture.workspace()
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
            let unit = Fixture.scope(instance, workspace.id, "sorphan")
            try await fixture.orphan(unit, slice: workspace.slice)
            for _ in 1...3 {
                let pass = try await fixture.client.reap(dryRun: true)
                #expect(pass.remembered == 1, "\(pass)")
                #expect(pass.reaped == 0)
            }
            #expect(try await fixture.client.reap().remembered == 1)
            let planned = try await fixture.client.reap(dryRun: true)
            #expect(planned.reaped == 1, "\(planned)")
            #expect(planned.actions.contains { $0.contains("would reap \(unit)") }, "\(planned.actions)")
            #expect(try fixture.world.inUnit(unit).count == 1)
            #expect(try await fixture.client.reap().reaped == 1)
            #expect(try fixture.world.inUnit(unit).isEmpty)
        }
    }

    @Test(arguments: ["--slice-inherit", "--slice="])
    func `keeps a pane that moved to a scope of its own while its workspace lives`(way: String) async throws {
        try await swept { fixture, instance in
            let workspace = try await fixture.workspace()
            let pane = "tmux-spawn-\(instance)-\(way.count).scope"
            let option = way == "--slice=" ? way + workspace.slice : way
            let session = try await fixture.session(
                workspace,
                "setsid systemd-run \(Fixture.manager) --quiet --scope \(option) --unit=\(pane) sleep 1000 </dev/null >/dev/null 2>&1 & exec sleep 1000"
            )
            try await fixture.eventually("the pane runs") { try fixture.world.inUnit(pane).count == 1 }
            #expect(try fixture.world.inUnit(workspace.slice).count == 2)
            for _ in 1...3 {
                let pass = try await fixture.client.reap(unclaimed: true)
                #expect(pass.reaped == 0, "\(pass)")
                #expect(pass.kept == 1)
                #expect(pass.unclaimed.isEmpty)
            }
            #expect(try fixture.world.inUnit(pane).count == 1)
            #expect(try await fixture.client.session(session.id).members == 1)
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.outcome == .confirmed)
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)
            #expect(try fixture.world.inUnit(pane).isEmpty)
        }
    }

    @Test func `answers everybody who asks at the same time, one pass after the other`() async throws {
        try await swept { fixture, instance in
            let workspace = try await fixture.workspace()
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
            let unit = Fixture.scope(instance, workspace.id, "sorphan")
            try await fixture.orphan(unit, slice: workspace.slice)
            async let one = fixture.client.reap()
            async let two = fixture.client.reap(unclaimed: true)
            async let three = fixture.client.reap(dryRun: true)
            let passes = try await [one, two, three]
            // Overlapping passes would each have seen it first, or both have reaped it.
            let changing = [passes[0], passes[1]].sorted { $0.at.date < $1.at.date }
            #expect(changing.map(\.remembered) == [1, 0], "\(passes)")
            #expect(changing.map(\.reaped) == [0, 1])
            #expect(try fixture.world.inUnit(unit).isEmpty)
            let spans = passes.sorted { $0.at.date < $1.at.date }
            for (earlier, later) in zip(spans, spans.dropFirst()) {
                let end = earlier.at.date.addingTimeInterval(Double(earlier.durationMs) / 1000)
                // Each is rounded to a millisecond.
                #expect(end <= later.at.date.addingTimeInterval(0.002))
            }
        }
    }
}
