import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport

/// A host, a repository and the world around them, for one test.
struct Fixture: Sendable {
    let host: RunningHost
    let repository: SampleRepository
    let world = ProcessWorld()
    let directory: TemporaryDirectory
    var client: HostClient { host.client }

    /// Starts a host of its own beside a fresh repository.
    static func make(
        environment: [String: String] = [:], arguments: [String] = []
    ) async throws -> Fixture {
        var place = try RunningHost.Place()
        place.environment = environment
        place.arguments = arguments
        return try await make(place)
    }

    /// Starts a host at a place that is prepared already.
    static func make(_ place: RunningHost.Place) async throws -> Fixture {
        let directory = try TemporaryDirectory()
        return Fixture(
            host: try await RunningHost.start(place), repository: try SampleRepository(in: directory),
            directory: directory)
    }

    /// A new worktree workspace on a branch of its own.
    func workspace(_ name: String = "one") async throws -> WorkspaceDocument {
        try await client.createWorkspace(CreateWorkspaceRequest(repository: repository.path, branch: name)).document
    }

    /// A session that runs a shell script.
    func session(
        _ workspace: WorkspaceDocument, _ script: String, onExit: SessionDocument.OnExit = .kill
    ) async throws -> SessionDocument {
        try await client.createSession(
            in: workspace.id, CreateSessionRequest(onExit: onExit, command: ["/bin/sh", "-c", script])
        ).document
    }

    /// The code of the problem that a request is answered with; nil when it is answered otherwise.
    static func code<Answer>(_ body: () async throws -> Answer) async throws -> String? {
        do {
            _ = try await body()
            return nil
        } catch HostClientFailure.problem(let problem) {
            return problem.code
        }
    }

    /// Runs a body with a fixture, then stops the host and checks that nothing of its instance is left.
    static func run(
        environment: [String: String] = [:], arguments: [String] = [],
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let fixture = try await make(environment: environment, arguments: arguments)
        try await body(fixture)
        try await fixture.end()
    }

    /// Stops the host in order.
    func end() async throws {
        try await host.stop()
    }
}
