import FoundationEssentials
import SessionIndex
import Testing

@testable import CgroupPty
@testable import Reaper

@Suite struct `A pass` {
    @Test func `ends a session that was to end, marks its row when that is confirmed, and tells the host (I9)`()
        async throws
    {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        let told = Locked<[String]>([])
        var host = ReaperHost()
        host.sessionEnded = { session, ending, reason in
            told.withLock { $0.append("\(session) \(ending) \(reason)") }
        }
        let report = try await fixture.reaper(host: host).pass().get()
        #expect(report.reaped == 1 && report.failed == 0 && report.kept == 0)
        #expect(fixture.world.read(\.stopped) == [scope.unit])
        let row = try await fixture.row()
        #expect(row?.status == .disposed && row?.endReason == .killed)
        #expect(row?.lastOutcome == "reaped: its end was asked for; confirmed")
        #expect(told.withLock { $0 } == ["sone disposed killed"])
        #expect(report.actions == ["reaped \(scope): its end was asked for; confirmed (terminated)"])
        #expect(report.records.map(\.action) == [.reaped])
    }

    // A session that had lived its time, and that the host could not end, was told as killed by somebody.
    @Test func `says why a session's end was asked for, whether it ends it or finds it ended`() async throws {
        let ended = try await Fixture()
        _ = try await ended.index.stampDispose(ended.live().session, because: .maxRuntime, at: Sample.noon)
        #expect(try await ended.reaper().pass().get().reaped == 1)
        #expect(try await ended.row()?.endReason == .maxRuntime)
        let gone = try await Fixture()
        _ = try await gone.index.stampDispose(gone.live().session, because: .idleTimeout, at: Sample.noon)
        gone.world.change { $0.scopes = [:] }
        #expect(try await gone.reaper().pass().get().concluded == 1)
        #expect(try await gone.row()?.endReason == .idleTimeout)
    }

    @Test func `keeps what lives and is to live`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.live()
        var host = ReaperHost()
        host.heldTerminals = { [] }
        let report = try await fixture.reaper(host: host).pass().get()
        #expect(report.kept == 1 && report.terminalsLost == [Sample.session])
        #expect(fixture.world.read(\.stopped).isEmpty)
    }

    @Test
    func `takes a session whose kill failed back to active with its stamp, and the very next pass tries again (I3)`()
        async throws
    {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        fixture.world.change { $0.outcomes[scope.unit] = .unkillable([]) }
        let reaper = fixture.reaper()
        let first = try await reaper.pass().get()
        #expect(first.failed == 1 && first.reaped == 0)
        let row = try await fixture.row()
        #expect(row?.status == .active && row?.disposeRequestedAt == Sample.noon)
        #expect(row?.lastOutcome == "unkillable (no process is listed)")
        #expect(await reaper.memory.failedKills[scope.unit]?.tries == 1)
        fixture.world.change { $0.outcomes = [:] }
        #expect(try await reaper.pass().get().reaped == 1)
        #expect(try await fixture.row()?.status == .disposed)
        #expect(await reaper.memory.failedKills.isEmpty)
    }

    @Test func `tries a failed kill again also where no row remembers it`() async throws {
        let fixture = try await Fixture()
        fixture.world.change {
            $0.scopes[Sample.scope] = Sample.alive
            $0.outcomes[Sample.scope.unit] = .unknown("EIO")
        }
        let reaper = fixture.reaper()
        #expect(try await reaper.pass(unclaimed: true).get().remembered == 1)
        #expect(try await reaper.pass(unclaimed: true).get().failed == 1)
        fixture.world.change { $0.outcomes = [:] }
        #expect(try await reaper.pass().get().reaped == 1, "without being asked again")
    }

    @Test func `in a dry run changes nothing, remembers nothing, and says what it would do`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        let before = try await fixture.index.claims()
        fixture.world.change {
            $0.units = [Sample.unit("corral-1f2e3d4c-wone-sgone.scope", "active")]
            $0.scopes[
                ScopeName(instance: Sample.instance, workspace: Sample.workspace, session: SessionID("snorow")!)] =
                Sample.alive
        }
        let reaper = fixture.reaper()
        let report = try await reaper.pass(dryRun: true).get()
        #expect(
            report.actions == [
                "remembered corral-1f2e3d4c-wone-snorow.scope: nothing explains it; it is judged by the next pass",
                "would reap \(scope): its end was asked for; 2 processes",
                "would tidy corral-1f2e3d4c-wone-sgone.scope: systemd calls it active; it has no cgroup",
            ])
        #expect(fixture.world.read(\.stopped).isEmpty && fixture.world.read(\.tidied).isEmpty)
        #expect(try await fixture.index.claims() == before)
        #expect(await reaper.memory == ReaperMemory())
        #expect(await reaper.lastPass == nil)
    }

    @Test func `spares a session whose row changes while the ground is read`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        fixture.world.change {
            $0.duringLook = { [index = fixture.index] in
                do { _ = try await index.stampDispose(scope.session, at: Sample.noon) } catch { Issue.record(error) }
            }
        }
        let report = try await fixture.reaper().pass().get()
        #expect(report.skipped == ["changed": 1])
        #expect(fixture.world.read(\.stopped).isEmpty)
    }

    @Test func `spares a session whose row changes right before it would be ended`() async throws {
        let fixture = try await Fixture()
        let first = try await fixture.live()
        let second = try await fixture.live(SessionID("stwo")!)
        for scope in [first, second] { _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon) }
        fixture.world.change {
            // Whichever is stopped first: meanwhile the other is marked by somebody else.
            $0.duringStop = { [index = fixture.index] unit in
                let other = unit == first.unit ? second : first
                do {
                    _ = try await index.recordOutcome(other.session, lastOutcome: "somebody was here")
                } catch { Issue.record(error) }
            }
        }
        var settings = ReaperSettings()
        settings.stopsAtOnce = 1
        let report = try await fixture.reaper(settings: settings).pass().get()
        #expect(report.reaped == 1 && report.skipped == ["changed": 1])
        #expect(fixture.world.read(\.stopped).count == 1)
    }

    @Test func `sends nothing to a scope that is empty by the time it would be ended`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        let world = fixture.world
        world.change { $0.duringLook = { world.change { $0.scopes[scope] = .empty } } }
        let report = try await fixture.reaper().pass().get()
        #expect(report.skipped == ["changed": 1] && world.read(\.stopped).isEmpty)
        world.change { $0.duringLook = nil }
        let next = try await fixture.reaper().pass().get()
        #expect(next.concluded == 1)
        #expect(try await fixture.row()?.status == .disposed)
    }

    @Test func `spares what the host begins to start, to end or to delete meanwhile`() async throws {
        for (creations, kills, sagas, word) in [
            ([Sample.session], [], [], "creation_in_flight"), ([], [Sample.session], [], "kill_in_flight"),
            ([], [], [Sample.workspace], "saga_running"),
        ] as [(Set<SessionID>, Set<SessionID>, Set<WorkspaceID>, String)] {
            let fixture = try await Fixture()
            let scope = try await fixture.live()
            _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
            // The host is asked once for the judgement, and again right before the act.
            let asked = Locked(0)
            var host = ReaperHost()
            host.creationsInFlight = {
                asked.withLock { count in
                    count += 1
                    return count > 1 ? creations : []
                }
            }
            host.killsInFlight = { asked.withLock { $0 > 1 } ? kills : [] }
            host.runningSagas = { asked.withLock { $0 > 1 } ? sagas : [] }
            let report = try await fixture.reaper(host: host).pass().get()
            #expect(report.skipped == [word: 1])
            #expect(fixture.world.read(\.stopped).isEmpty)
        }
    }

    @Test func `ends nothing when the ground cannot be read (I3)`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        fixture.world.change { $0.failure = "EIO" }
        let report = try await fixture.reaper().pass().get()
        #expect(report.groundFailure == "EIO")
        #expect(report.records.isEmpty && fixture.world.read(\.stopped).isEmpty)
        #expect(report.skipped["unreadable"] == 4, "the row, the tree, the units, the other instances")
    }

    @Test func `fails when the claims cannot be read`() async throws {
        let fixture = try await Fixture()
        try await fixture.index.close()
        let reaper = fixture.reaper()
        guard case .failure(.index) = await reaper.pass() else {
            Issue.record("no failure")
            return
        }
        #expect(await reaper.lastFailure != nil)
        #expect(fixture.world.read(\.looks) == 0)
    }

    @Test func `begins nothing after its deadline (I8)`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        var settings = ReaperSettings()
        settings.passDeadline = .zero
        let report = try await fixture.reaper(settings: settings).pass().get()
        #expect(report.skipped == ["no_time": 1] && fixture.world.read(\.stopped).isEmpty)
    }

    @Test func `ends so many scopes at once and no more (I8)`() async throws {
        let fixture = try await Fixture()
        for number in 0..<12 {
            let scope = try await fixture.live(SessionID("sess\(number)")!)
            _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        }
        fixture.world.change { $0.duringStop = { _ in await Task.yield() } }
        var settings = ReaperSettings()
        settings.stopsAtOnce = 3
        let report = try await fixture.reaper(settings: settings).pass().get()
        #expect(report.reaped == 12)
        #expect(fixture.world.read(\.mostStopsAtOnce) <= 3)
    }

    @Test func `in one line says what came of it`() {
        var report = PassReport(at: Sample.noon, isDryRun: false)
        report.reaped = 2
        report.skipped = ["unreadable": 1, "changed": 2]
        report.milliseconds = 7
        #expect(
            report.summary
                == "reaped 2, failed 0, kept 0, recovered 0, concluded 0, tidied 0, remembered 0, unclaimed 0, "
                + "skipped 3 (changed 2, unreadable 1), escapes 0, suspects 0, 7 ms")
        report.isDryRun = true
        #expect(report.summary.hasPrefix("dry run: would have reaped 2, "))
    }

    @Test func `keeps its lists within their limit (I8)`() {
        var report = PassReport(at: Sample.noon, isDryRun: false)
        for number in 0..<(2 * PassReport.listLimit) { report.addLine("\(number)") }
        #expect(report.actions.count == PassReport.listLimit + 1 && report.actions.last == "(more)")
    }
}
