import FoundationEssentials
import SessionIndex
import Testing

@testable import CgroupPty
@testable import Reaper

@Suite struct `A row after a pass` {
    @Test func `is active again when its lost session lives (I4)`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.live()
        _ = try await fixture.index.markEnded(
            Sample.session, from: [.active], status: .exited, reason: .lost, at: Sample.noon)
        let recovered = Locked<[SessionID]>([])
        var host = ReaperHost()
        host.sessionRecovered = { session in recovered.withLock { $0.append(session) } }
        #expect(try await fixture.reaper(host: host).pass().get().recovered == 1)
        #expect(try await fixture.row()?.status == .active)
        #expect(recovered.withLock { $0 } == [Sample.session])
        #expect(fixture.world.read(\.stopped).isEmpty)
    }

    @Test func `is there again for a scope that lives in a workspace that lives (I4)`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.index.insertWorkspace(Sample.workspaceRow())
        let zeros = String(repeating: "0 ", count: 13)
        let leader = try #require(ProcessStat(Array("4711 (bash) S 1 4711 4711 34816 4711 \(zeros)100 0".utf8)))
        let child = try #require(ProcessStat(Array("4712 (vi) S 4711 4712 4711 34816 4712 \(zeros)200 0".utf8)))
        fixture.world.change {
            $0.scopes[Sample.scope] = Sample.alive
            $0.stats = [child, leader]
        }
        let reaper = fixture.reaper()
        #expect(try await reaper.pass().get().remembered == 1)
        #expect(try await fixture.row() == nil)
        #expect(try await reaper.pass().get().recovered == 1)
        let row = try #require(try await fixture.row())
        #expect(row.status == .active && row.leader == Sample.leader && row.terminalDevice == 34816)
        #expect(row.unit == Sample.scope.unit && row.bootID == Sample.boot && row.onExit == .keep)
        #expect(row.command == ["bash"] && row.cwd == "/trees/wone")
        #expect(try await reaper.pass().get().kept == 1)
        #expect(await reaper.memory.unexplained.isEmpty)
    }

    @Test func `is lost once its scope has been missing for the age floor`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.live()
        fixture.world.change { $0.scopes = [:] }
        var settings = ReaperSettings()
        #expect(try await fixture.reaper(settings: settings).pass().get().skipped == ["too_young": 1])
        #expect(try await fixture.row()?.status == .active)
        settings.ageFloor = .zero
        #expect(try await fixture.reaper(settings: settings).pass().get().concluded == 1)
        let row = try await fixture.row()
        #expect(row?.status == .exited && row?.endReason == .lost && row?.lastOutcome == "it has no cgroup")
    }

    @Test func `stays when its leader cannot be pinned although its scope is gone (I2, I3)`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        fixture.world.change {
            $0.scopes = [:]
            $0.canPin = false
        }
        #expect(try await fixture.reaper().pass().get().skipped == ["unreadable": 1])
        #expect(try await fixture.row()?.status == .stopping)
    }

    @Test func `is not disposed when its scope was ended and its leader could not be pinned (I2)`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        fixture.world.change { $0.canPin = false }
        let report = try await fixture.reaper().pass().get()
        #expect(report.failed == 1 && report.reaped == 0)
        let row = try await fixture.row()
        #expect(row?.status == .active)
        #expect(
            row?.lastOutcome
                == "unknown (its scope is empty; its leader, process 4711: could not be read: pidfd_open process 4711@100: EMFILE)"
        )
    }

    @Test func `is over after a reboot`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.index.insertWorkspace(Sample.workspaceRow())
        _ = try await fixture.index.insertStarting(Sample.row(.starting, boot: "boot-before"))
        #expect(try await fixture.reaper().pass().get().concluded == 1)
        let row = try await fixture.row()
        #expect(row?.status == .exited && row?.endReason == .reboot)
    }

    @Test func `says that the start failed when nobody finished it`() async throws {
        let fixture = try await Fixture()
        try await fixture.start()
        #expect(try await fixture.reaper().pass().get().reaped == 1)
        let row = try await fixture.row()
        #expect(row?.status == .exited && row?.endReason == .startFailed && row?.disposeRequestedAt != nil)
    }

    @Test func `keeps how the session ended when what it left behind is reaped`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.live()
        _ = try await fixture.index.markEnded(
            Sample.session, from: [.active], status: .exited, reason: .exited, exit: .code(3), at: Sample.noon)
        #expect(try await fixture.reaper().pass().get().reaped == 1)
        let row = try await fixture.row()
        #expect(row?.status == .disposed && row?.endReason == .exited && row?.exit == .code(3))
    }

    @Test func `is disposed because of its workspace when that is being deleted and nobody is at work on it`()
        async throws
    {
        let fixture = try await Fixture()
        _ = try await fixture.live()
        let receipt = ReceiptRow(id: "r1", workspaceID: Sample.workspace, body: "{}", createdAt: Sample.noon)
        _ = try await fixture.index.tombstone(Sample.workspace, receipt: receipt, options: "{}", at: Sample.noon)
        fixture.world.change { $0.strangers[Sample.workspace] = [Sample.stranger()] }
        var host = ReaperHost()
        host.runningSagas = { [Sample.workspace] }
        let cared = try await fixture.reaper(host: host).pass().get()
        #expect(cared.records.isEmpty && cared.skipped["saga_running"] == 2)
        let reaper = fixture.reaper()
        let first = try await reaper.pass().get()
        #expect(first.reaped == 1 && first.skipped == ["slice_in_use": 1])
        let row = try await fixture.row()
        #expect(row?.status == .disposed && row?.endReason == .workspaceDeleted)
        let second = try await reaper.pass().get()
        #expect(second.reaped == 1)
        #expect(fixture.world.read(\.stopped).last == "corral-1f2e3d4c-wone.slice")
        #expect(fixture.world.read(\.strangers).isEmpty)
    }
}

@Suite struct `A unit that holds nothing` {
    @Test func `is stopped`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.index.insertWorkspace(Sample.workspaceRow())
        fixture.world.change {
            $0.units = [Sample.unit(Sample.scope.unit, "active"), Sample.unit("corral-1f2e3d4c-wone.slice", "active")]
        }
        #expect(try await fixture.reaper().pass().get().tidied == 2)
        #expect(Set(fixture.world.read(\.tidied)) == [Sample.scope.unit, "corral-1f2e3d4c-wone.slice"])
    }

    @Test func `is left when something is being started in it by then`() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.index.insertWorkspace(Sample.workspaceRow())
        let world = fixture.world
        world.change {
            $0.units = [Sample.unit(Sample.scope.unit, "active")]
            $0.duringLook = { world.change { $0.scopes[Sample.scope] = Sample.alive } }
        }
        #expect(try await fixture.reaper().pass().get().skipped["changed"] == 1)
        #expect(world.read(\.tidied).isEmpty)
    }
}
