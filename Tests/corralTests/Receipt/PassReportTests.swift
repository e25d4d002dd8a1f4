import HostProtocol
import Testing

@testable import corral

@Suite struct `A reaper pass in words` {
    @Test func `is a line of counts when there is nothing to tell`() {
        var pass = PassDocument(at: Samples.moment)
        pass.kept = 12
        pass.durationMs = 14
        #expect(
            PassReport.text(pass, isPlanned: false)
                == "reaped 0, failed 0, kept 12, recovered 0, remembered 0, unclaimed 0; 14 ms"
        )
    }

    @Test func `says how to end what no record explains`() {
        var pass = PassDocument(at: Samples.moment)
        pass.skipped = ["unreadable": 2, "in_creation": 1]
        pass.actions = ["reap corral-1f2e3d4c-wk4m2-s9x1.scope: its row is disposed"]
        pass.unclaimed = [
            .init(unit: "corral-1f2e3d4c-wx-sy.scope", workspace: "wx", session: "sy", members: 1),
            .init(unit: "corral-1f2e3d4c-wx-sz.scope", workspace: "wx", session: "sz", members: nil),
        ]
        #expect(
            PassReport.text(pass, isPlanned: true) == """
                would have: reaped 0, failed 0, kept 0, recovered 0, remembered 0, unclaimed 2, skipped 1 (in_creation), \
                skipped 2 (unreadable); 0 ms
                  reap corral-1f2e3d4c-wk4m2-s9x1.scope: its row is disposed
                  unclaimed: corral-1f2e3d4c-wx-sy.scope, 1 process
                  unclaimed: corral-1f2e3d4c-wx-sz.scope, processes
                No record explains the unclaimed. `corral reap --unclaimed` ends them.
                """
        )
    }
}
