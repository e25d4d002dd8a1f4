import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport

/// Everything one crash test needs over several lives of a host: its place, its checkpoints, a repository, and the kernel's view.
struct CrashSite: Sendable {
    let place: RunningHost.Place
    let checkpoints: CheckpointControl
    let repository: SampleRepository
    let world = ProcessWorld()
    let directory: TemporaryDirectory
    /// Says to `systemctl` and `systemd-run` which manager is meant.
    static var manager: String { Ground.isSystem ? "--system" : "--user" }

    /// Something did not come about in time.
    struct Overdue: Error, CustomStringConvertible {
        let description: String
    }

    private init(_ prepare: (inout RunningHost.Place) throws -> Void) throws {
        var place = try RunningHost.Place()
        try prepare(&place)
        checkpoints = try CheckpointControl(in: place.directory)
        place.environment["CORRAL_TEST_CHECKPOINTS"] = checkpoints.directory
        self.place = place
        directory = try TemporaryDirectory()
        repository = try SampleRepository(in: directory)
    }

    /// Runs a body with a fresh site; afterwards, also when it failed, nothing of the site's instance runs.
    /// - Parameter prepare: changes how the site's hosts are started.
    static func run(
        preparing prepare: (inout RunningHost.Place) throws -> Void = { _ in },
        _ body: (CrashSite) async throws -> Void
    ) async throws {
        let site = try CrashSite(prepare)
        do {
            try await body(site)
        } catch {
            // The hosts that the body held are gone with it; what they ran goes here.
            try site.endUnits()
            throw CrashFailure(error: error, log: RunningHost.log(site.place))
        }
        try site.endUnits()
    }

    /// A test's error beside what the host had to say.
    struct CrashFailure: Error, CustomStringConvertible {
        let error: any Error
        let log: String
        var description: String { "\(error)\n\(RunningHost.excerpt(of: log))" }
    }

    /// The instance's id, once a host was started.
    var instance: String {
        get throws {
            try String(contentsOfFile: place.state + "/instance", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// The slice that holds all of the instance.
    var slice: String { get throws { "corral-\(try instance).slice" } }

    /// Starts a host and waits until it is ready.
    func start() async throws -> RunningHost { try await RunningHost.start(place) }

    /// Starts it again at the same place, past a checkpoint at which it killed itself.
    func restart(clearing checkpoint: String) async throws -> RunningHost {
        checkpoints.clear(checkpoint)
        return try await start()
    }

    /// Sends a request that the host dies of, and waits for its death.
    /// - Parameter pause: waited for while the host stands at the checkpoint, before it dies.
    func crash(
        _ host: RunningHost, at checkpoint: String, after pause: (() async throws -> Void)? = nil,
        _ request: @escaping @Sendable () async throws -> Void
    ) async throws {
        if pause == nil { try checkpoints.kill(at: checkpoint) } else { try checkpoints.pause(at: checkpoint) }
        let asked = Task {
            do {
                try await request()
                return "success"
            } catch {
                return "\(error)"
            }
        }
        do {
            if let pause {
                try await checkpoints.waitUntilReached(checkpoint)
                try await pause()
                try checkpoints.kill(at: checkpoint)
                try await checkpoints.resume(checkpoint)
            }
            try await host.waitForExit(within: .seconds(30))
        } catch {
            asked.cancel()
            throw Overdue(description: "\(error); the request was answered with \(await asked.value)")
        }
        _ = await asked.value
    }

    /// A new worktree workspace on a branch of its own.
    func workspace(_ host: RunningHost, _ branch: String) async throws -> WorkspaceDocument {
        try await host.client.createWorkspace(CreateWorkspaceRequest(repository: repository.path, branch: branch))
            .document
    }

    /// A session whose processes outlive its terminal, running once this returns.
    func survivor(_ host: RunningHost, _ workspace: WorkspaceDocument) async throws -> SessionDocument {
        let request = CreateSessionRequest(command: ["/bin/sh", "-c", "trap '' HUP; echo ready; exec sleep 1000"])
        let session = try await host.client.createSession(in: workspace.id, request).document
        try await SessionReader(host.client, session.id).waitFor("ready")
        return session
    }

    /// Asks again and again until the answer is as wanted.
    func eventually(
        _ what: String, within limit: Duration = .seconds(30), _ isSo: () async throws -> Bool
    ) async throws {
        let deadline = Deadline.after(limit)
        while try await !isSo() {
            if deadline.hasPassed { throw Overdue(description: "not within \(limit): \(what)") }
            await Task.yield()
        }
    }

    /// Scopes of the instance that hold a live process, by what `/proc` says.
    func populatedScopes() throws -> Set<String> {
        let procfs = Procfs()
        return try world.inUnit(slice).reduce(into: []) { scopes, pid in
            guard case .path(let path) = try procfs.cgroup(pid) else { return }
            scopes.formUnion(path.components.filter { $0.hasSuffix(".scope") })
        }
    }

    /// Units of the instance that the manager knows.
    func units() throws -> [String] { try world.units("corral-\(instance)*") }

    /// Waits until the manager has let go of every unit of the instance.
    func waitUntilNothingIsLeft() async throws {
        try await eventually("no unit and no process of the instance is left: \(try units())") {
            try units().isEmpty && world.tagged("CORRAL_INSTANCE", instance).isEmpty
        }
    }

    private func endUnits() throws {
        guard FileManager.default.fileExists(atPath: place.state + "/instance") else { return }
        try Shell.run("systemctl \(Self.manager) stop '\(slice)' 'corral-\(instance)-*' 2>/dev/null || true")
    }
}
