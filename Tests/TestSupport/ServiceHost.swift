public import CgroupPty
import Foundation
public import HostClient
import HostProtocol

/// A `corral-host` as a service of a real systemd, which starts it again and keeps descriptors for it.
public final class ServiceHost: Sendable {
    public let place: RunningHost.Place
    /// Talks to whichever process serves now.
    public let client: HostClient
    /// The service.
    public let unit: String
    private let monitor: ReadinessMonitor

    private static var manager: String { Ground.isSystem ? "--system" : "--user" }

    /// Starts a service and waits until it is ready.
    /// - Parameter intoJournal: Its log goes where that of a service goes usually, and not to the place's file.
    public init(_ place: RunningHost.Place, intoJournal: Bool = false) throws {
        self.place = place
        client = HostClient(socketPath: place.socket)
        unit = "corral-test-\(place.directory.path.split(separator: "-").last ?? "x").service"
        monitor = try ReadinessMonitor()
        let settings =
            [
                "Restart=always", "RestartSec=0", "StartLimitIntervalSec=0", "FileDescriptorStoreMax=4096",
                "KillMode=mixed", "TimeoutStopSec=100",
            ] + (intoJournal ? [] : ["StandardOutput=append:\(place.log)", "StandardError=append:\(place.log)"])
        let variables = place.environment.map { "--setenv='\($0.key)=\($0.value)'" }
        try Shell.run(
            """
            systemd-run \(Self.manager) --quiet --collect --unit=\(unit) --service-type=notify \
            \(settings.map { "--property=\($0)" }.joined(separator: " ")) \(variables.joined(separator: " ")) -- \
            '\(place.program)' --state-directory '\(place.state)' --runtime-directory '\(place.runtime)' \
            \(place.arguments.joined(separator: " "))
            """)
    }

    /// A property of the unit, as systemd tells it.
    public func property(_ name: String) throws -> String {
        try Shell.run("systemctl \(Self.manager) show --value --property=\(name) \(unit)")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Descriptors that systemd keeps for it now.
    public func storedDescriptors() throws -> Int { Int(try property("NFileDescriptorStore")) ?? -1 }

    /// The process that serves now, pinned.
    public func process() async throws -> Pidfd {
        let pid = try await client.status().pid
        guard let pidfd = try Pidfd.open(ProcessID(Int32(pid))) else {
            throw RunningHost.Trouble(description: "the host \(pid) is gone")
        }
        return pidfd
    }

    /// SIGKILL, and waits until the next process serves.
    /// - Returns: the time from the signal until the next one has answered.
    @discardableResult
    public func kill() async throws -> Duration {
        let process = try await process()
        let began = ContinuousClock.now
        try process.signal(SIGKILL)
        guard try await process.waitForExit(monitor, until: .after(.seconds(30))) else {
            throw RunningHost.Trouble(description: "the host survives SIGKILL")
        }
        try await waitUntilServed(by: process.pid)
        return ContinuousClock.now - began
    }

    /// Restarts the service in order, as after an upgrade.
    public func restart() throws { try systemctl("restart") }

    /// Stops the service in order.
    public func stop() throws { try systemctl("stop") }

    private func systemctl(_ verb: String) throws {
        try Shell.run("systemctl \(Self.manager) \(verb) \(unit)")
    }

    /// Waits until another process than the one before answers.
    private func waitUntilServed(by before: ProcessID) async throws {
        let deadline = Deadline.after(.seconds(60))
        while !deadline.hasPassed {
            do {
                if try await client.status().pid != Int(before.rawValue) { return }
            } catch HostClientFailure.unreachable, HostClientFailure.disconnected {
                // Between two processes.
            }
            await Task.yield()
        }
        throw RunningHost.Trouble(
            description: "no host serves after 60 s; \(RunningHost.excerpt(of: RunningHost.log(place)))")
    }

    /// Ends the service and all units of its instance, also after a failed test.
    public func sweep() {
        let instance = (try? String(contentsOfFile: place.state + "/instance", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let units = instance.map { " 'corral-\($0).slice' 'corral-\($0)-*'" } ?? ""
        _ = try? Shell.run("systemctl \(Self.manager) stop \(unit)\(units) 2>/dev/null || true")
    }

    /// Runs a body with a fresh service; afterwards, also when it failed, nothing of it runs.
    public static func run(
        arguments: [String] = [], intoJournal: Bool = false, _ body: (ServiceHost) async throws -> Void
    ) async throws {
        try await runWithCheckpoints(arguments: arguments, intoJournal: intoJournal) { host, _ in
            try await body(host)
        }
    }

    /// As ``run(arguments:_:)``, with a host that stops where it is told to.
    public static func runWithCheckpoints(
        arguments: [String] = [], intoJournal: Bool = false,
        _ body: (ServiceHost, CheckpointControl) async throws -> Void
    ) async throws {
        var place = try RunningHost.Place()
        let checkpoints = try CheckpointControl(in: place.directory)
        place.arguments = arguments
        place.environment["CORRAL_TEST_CHECKPOINTS"] = checkpoints.directory
        let host = try ServiceHost(place, intoJournal: intoJournal)
        do {
            try await body(host, checkpoints)
        } catch {
            host.sweep()
            throw RunningHost.Trouble(
                description: "\(error)\n\(RunningHost.excerpt(of: RunningHost.log(host.place)))")
        }
        host.sweep()
    }
}
