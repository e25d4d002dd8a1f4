import HostClient
import HostProtocol
import TestSupport

/// Tests that stop the host at named places, and look and act while it stands there.
extension Fixture {
    /// Runs a body with a fixture whose host stops where it is told to. Ends everything of the instance afterwards.
    static func withCheckpoints(
        environment: [String: String] = [:], arguments: [String] = [],
        _ body: (Fixture, CheckpointControl) async throws -> Void
    ) async throws {
        var place = try RunningHost.Place()
        let checkpoints = try CheckpointControl(in: place.directory)
        place.environment = environment
        place.environment["CORRAL_TEST_CHECKPOINTS"] = checkpoints.directory
        place.arguments = arguments
        let fixture = try await make(place)
        try await fixture.sweeping { try await body(fixture, checkpoints) }
    }

    /// Runs a body, stops the host, and ends everything of its instance, also when the body failed.
    func sweeping(_ body: () async throws -> Void) async throws {
        let instance = try await client.status().instance
        do {
            try await body()
            try await end()
        } catch {
            try? await host.kill()
            Self.sweep(instance)
            throw NeverHappened(description: "\(error); the host's log: \(RunningHost.log(host.place).suffix(6000))")
        }
        Self.sweep(instance)
    }

    /// Asks for a delete in the background, and waits until it stands at a checkpoint.
    func delete(
        _ workspace: WorkspaceDocument, _ options: DeleteWorkspaceOptions = DeleteWorkspaceOptions(),
        upTo place: String, _ checkpoints: CheckpointControl
    ) async throws -> Task<ReceiptDocument, any Error> {
        try checkpoints.pause(at: place)
        let request = Task { [client] in try await client.deleteWorkspace(workspace.id, options) }
        try await checkpoints.waitUntilReached(place)
        return request
    }

    /// Keeps the host from writing to its index, until the process that this starts is ended.
    /// - Returns: Ends it.
    func lockIndex() async throws -> () throws -> Void {
        let other = try await OtherWriter.lock(host.place.state)
        return other.end
    }
}
