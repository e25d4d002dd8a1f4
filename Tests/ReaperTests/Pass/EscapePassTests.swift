import CgroupPty
import SessionIndex
import Testing

@testable import Reaper

@Suite struct `Escapes in a pass` {
    private func fixture(restraint: String? = nil) async throws -> Fixture {
        let fixture = try await Fixture()
        let process = ProcessDescription(
            identity: Sample.member, command: "x", cgroup: .known(.path(CgroupPath(components: ["x.scope"]))))
        fixture.world.change {
            $0.findings.killable = [
                EscapeFinding(process: process, workspace: Sample.workspace, evidence: [.seenInside])
            ]
            $0.findings.restraint = restraint
            $0.findings.unreadable = 3
        }
        return fixture
    }

    @Test func `are ended and reported`() async throws {
        let fixture = try await fixture()
        let report = try await fixture.reaper().pass().get()
        #expect(fixture.world.read(\.ended) == [Sample.member])
        let escape = try #require(report.escapes.first)
        #expect(escape.wasKilled && escape.outcome == "it exited upon SIGKILL" && escape.cgroup == "/x.scope")
        #expect(escape.evidence == ["it was seen inside the workspace's slice"])
        #expect(report.unreadable == 3)
    }

    @Test func `are only reported by policy, in a dry run, and where a tag says nothing`() async throws {
        var settings = ReaperSettings()
        settings.escapePolicy = .report
        let byPolicy = try await fixture()
        #expect(
            try await byPolicy.reaper(settings: settings).pass().get().escapes.map(\.outcome) == [
                "the policy is to report"
            ])
        let dry = try await fixture()
        #expect(try await dry.reaper().pass(dryRun: true).get().escapes.map(\.outcome) == ["it would be ended"])
        let restrained = try await fixture(restraint: "the manager hands out our tags")
        let report = try await restrained.reaper().pass().get()
        #expect(report.escapes.map(\.outcome) == ["the manager hands out our tags"])
        for fixture in [byPolicy, dry, restrained] { #expect(fixture.world.read(\.ended).isEmpty) }
    }

    @Test func `are looked for in the walk that the ground was read with, and in a new one once something was ended`()
        async throws
    {
        let idle = try await Fixture()
        _ = try await idle.live()
        #expect(try await idle.reaper().pass().get().kept == 1)
        #expect(idle.world.read(\.censuses) == 1)
        let busy = try await Fixture()
        _ = try await busy.live()
        _ = try await busy.index.stampDispose(Sample.session, at: Sample.noon)
        #expect(try await busy.reaper().pass().get().reaped == 1)
        #expect(busy.world.read(\.censuses) == 2, "what a dying session let out is not in the first walk")
    }
}
