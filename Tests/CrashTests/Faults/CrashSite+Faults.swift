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

    /// Asks for a delete, and runs a body while that stands before the stop of the slice.
    func delete(
        _ host: RunningHost, _ workspace: WorkspaceDocument, _ options: DeleteWorkspaceOptions,
        during body: () throws -> Void
    ) async throws -> ReceiptDocument {
        try checkpoints.pause(at: "destroyStop")
        let deletion = Task { [client = host.client] in try await client.deleteWorkspace(workspace.id, options) }
        try await checkpoints.waitUntilReached("destroyStop")
        try body()
        try await checkpoints.resume("destroyStop")
        return try await deletion.value
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
