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
}
