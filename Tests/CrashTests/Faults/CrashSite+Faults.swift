import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

extension CrashSite {
    /// Runs `corral-reaper` for the instance; returns what it said, and `status N` as the last line.
    func reap(_ options: String = "") throws -> String {
        try Shell.run(
            "'\(Ground.programs)/corral-reaper' --state-directory '\(place.state)' --runtime-directory '\(place.runtime)' \(options) 2>&1 && echo status 0 || echo status $?"
        )
    }

    /// Requires that a workspace can be deleted with the kernel's word for it, that index and kernel agree afterwards, and that with
    /// the host nothing is left.
    func expectDeleted(
        _ host: RunningHost, _ workspace: WorkspaceDocument, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let receipt = try await deleted(host, workspace, DeleteWorkspaceOptions(force: true))
        #expect(receipt.outcome == .confirmed, "\(receipt)", sourceLocation: sourceLocation)
        #expect(receipt.confirmedAt != nil, sourceLocation: sourceLocation)
        #expect(try world.inUnit(workspace.slice).isEmpty, sourceLocation: sourceLocation)
        #expect(!FileManager.default.fileExists(atPath: workspace.path), sourceLocation: sourceLocation)
        try await expectAgreement(host, sourceLocation: sourceLocation)
        try await host.stop()
        try await waitUntilNothingIsLeft()
    }
}
