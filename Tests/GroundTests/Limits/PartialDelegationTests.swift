import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Where the manager has some controllers and lacks others, as a user's manager lacks io unless somebody delegates it.
@Suite(
    .enabled(
        if: Ground.isAvailable && Ground.controllers.contains(.memory) && !Ground.controllers.contains(.io),
        "needs a user's manager as its release delegates: scripts/test-limits"),
    .serialized)
struct `Without the io controller` {
    @Test func `io-weight is refused and the rest is taken`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            _ = try await fixture.session(workspace, "exec sleep 1000")
            func change(_ limits: LimitsRequest) async throws -> WorkspaceDocument {
                try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(limits: limits))
            }
            let both = LimitsRequest(memoryMax: LimitValue("64M"), ioWeight: LimitValue("50"))
            #expect(try await Fixture.code { try await change(both) } == "limit_unavailable")
            #expect(try await fixture.client.workspace(workspace.id).limits == LimitsDocument(), "all or nothing")
            let document = try await change(LimitsRequest(memoryMax: LimitValue("64M")))
            #expect(document.limitsInForce == LimitsDocument(memoryMax: 64 << 20))
            let stats = try await fixture.client.stats()
            #expect(stats.workspaces.first?.figures.io == nil)
            #expect(stats.workspaces.first?.figures.memory != nil)
            #expect(stats.unavailable["io"]?.contains("Delegate=") == true)
        }
    }
}
