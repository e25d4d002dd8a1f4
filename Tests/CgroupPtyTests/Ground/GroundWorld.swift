import CgroupPty
import Foundation
import TestSupport
import Testing

/// The real manager with an instance of a test's own in it, and everything that a test works with.
final class GroundWorld: Sendable {
    /// Something real did not happen in time.
    struct Trouble: Error, CustomStringConvertible {
        let description: String
    }

    let instance = InstanceID.mint()
    let workspace = WorkspaceID.mint()
    let systemd: SystemdManager
    let ground: CgroupGround
    let monitor: ReadinessMonitor
    let procfs = Procfs()
    /// Kept until the end: with its terminal's master a session would be hung up.
    private let started = Locked<[GroundSession]>([])

    static var kind: ManagerKind { Ground.isSystem ? .system : .user }
    static var soon: Deadline { .after(.seconds(30)) }

    private init() async throws {
        systemd = try SystemdManager(kind: Self.kind, environment: ProcessInfo.processInfo.environment)
        monitor = try ReadinessMonitor()
        let path = try #require(CgroupPath(try await systemd.controlGroup(until: Self.soon)))
        ground = try CgroupGround(path: path)
    }

    /// Runs a test's body, then ends every unit and process of its instance, also when it failed.
    static func run(_ body: (GroundWorld) async throws -> Void) async throws {
        let world = try await GroundWorld()
        do {
            try await body(world)
        } catch {
            await world.end()
            throw error
        }
        await world.end()
    }

    var slice: SliceName { .workspace(instance, workspace) }

    /// A name for a session of the test's workspace.
    func scope() -> ScopeName { ScopeName(instance: instance, workspace: workspace, session: .mint()) }

    /// What stops; with another manager, for instance one that cannot be reached.
    func scopeStop(_ systemd: SystemdManager? = nil) -> ScopeStop {
        ScopeStop(systemd: systemd ?? self.systemd, ground: ground, monitor: monitor, procfs: procfs)
    }

    /// Lets go of a session, and with it of its terminal.
    func forget(_ session: GroundSession) {
        started.withLock { $0.removeAll { $0 === session } }
    }

    /// A leader of a test's own, parked, in the test's own cgroup.
    func park(
        _ path: String, _ arguments: [String], environment: [String] = [], directory: String = "/",
        size: WindowSize = .standard
    ) throws -> GroundSession {
        let pair = try PseudoTerminal.open(size: size)
        let leader = try Leader(
            Leader.Command(
                path: path, arguments: arguments, environment: ["PATH=/usr/bin:/bin"] + environment,
                directory: directory),
            program: .find(), terminal: pair.slave, procfs: procfs)
        let session = try GroundSession(leader: leader, terminal: pair.terminal, monitor: monitor)
        started.withLock { $0.append(session) }
        return session
    }

    /// A shell that runs a script outside of any scope.
    func shell(_ script: String) async throws -> GroundSession {
        let session = try park("/bin/sh", ["sh", "-c", script])
        #expect(try await session.leader.release(monitor, until: Self.soon) == .executed)
        return session
    }

    /// A session as the host starts one: parked, put into its scope, released. Waits for `ready` in its output if told to.
    func session(
        _ script: String, in scope: ScopeName, stopTimeout: Duration = .seconds(5), untilReady: Bool = true
    ) async throws -> GroundSession {
        let session = try park("/bin/sh", ["sh", "-c", script])
        try await systemd.startScope(
            scope, description: "Corral test", leader: session.leader.pidfd.pid, stopTimeout: stopTimeout,
            until: Self.soon)
        #expect(try await session.leader.release(monitor, until: Self.soon) == .executed)
        if untilReady { try await session.read(until: "ready") }
        return session
    }

    /// The scope's or slice's cgroup, which must be there.
    func cgroup(_ path: CgroupPath) throws -> CgroupDirectory {
        guard case .found(let cgroup) = ground.look(path) else {
            throw Trouble(description: "no cgroup at \(path): \(ground.look(path))")
        }
        return cgroup
    }

    /// Whether it is certain that there is no cgroup.
    func isAbsent(_ path: CgroupPath) -> Bool {
        if case .absent = ground.look(path) { true } else { false }
    }

    /// Waits until systemd has removed a cgroup, which it does a moment after the last process has gone.
    func waitUntilAbsent(_ path: CgroupPath) async throws {
        let deadline = Self.soon
        // Nothing announces the removal of a directory to a pipe or an event; the D-Bus call gives systemd its turn.
        while !isAbsent(path) {
            if deadline.hasPassed { throw Trouble(description: "\(path) is still there") }
            _ = try await systemd.version(until: deadline)
        }
    }

    /// Runs systemctl on the manager that the test uses.
    @discardableResult
    static func systemctl(_ arguments: String) throws -> String {
        try Shell.run("systemctl --\(kind.rawValue) \(arguments)").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func end() async {
        do {
            // The order matters: what is dead needs no timeout.
            if case .found(let cgroup) = ground.look(SliceName.instance(instance).path) {
                try cgroup.thaw()
                try cgroup.kill()
                #expect(try await cgroup.waitUntilEmpty(monitor, until: Self.soon) != .stillPopulated)
            }
            for pidfd in started.withLock({ $0.map(\.leader.pidfd) }) {
                try pidfd.signal(SIGKILL)
                #expect(try await pidfd.waitForExit(monitor, until: Self.soon))
                _ = try pidfd.exitStatus()
            }
            _ = try await systemd.stopUnit(SliceName.instance(instance).unit, until: Self.soon)
            for unit in try await systemd.units(matching: "corral-\(instance)*", until: Self.soon) {
                _ = try await systemd.stopUnit(unit.name, until: Self.soon)
                try await systemd.resetFailedUnit(unit.name, until: Self.soon)
            }
            #expect(isAbsent(SliceName.instance(instance).path))
        } catch {
            Issue.record("tidy up: \(error)")
        }
        monitor.stop()
        await systemd.close()
    }
}

extension GroundWorld {
    /// Waits until somebody waits for a change of the cgroup's events: the file and its duplicate are open.
    func waitUntilWatched(_ cgroup: CgroupDirectory) async throws {
        let path = "/sys/fs/cgroup/\(cgroup.path.relative)/cgroup.events"
        let events = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY)
        let deadline = Self.soon
        while try DescriptorCount.sharing(events) < 3 {
            if deadline.hasPassed { throw Trouble(description: "nobody waits for \(path)") }
            await Task.yield()
        }
    }
}

extension GroundWorld {
    /// Waits until everything in a cgroup is frozen, of which the kernel tells by its events.
    func waitUntilFrozen(_ cgroup: CgroupDirectory) async throws {
        let path = "/sys/fs/cgroup/\(cgroup.path.relative)/cgroup.events"
        let events = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY)
        let deadline = Self.soon
        while true {
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = events.withRawValue { pread($0, &bytes, bytes.count, 0) }
            if CgroupDirectory.Events(Array(bytes.prefix(max(0, count))))?.isFrozen == true { return }
            guard try await monitor.wait(for: events, .priority, until: deadline) == .ready else {
                throw Trouble(description: "\(path) does not say frozen")
            }
        }
    }
}

extension GroundWorld {
    /// Waits until a process is in a state of `/proc/PID/stat`, of which nothing tells those who are not its parent.
    func waitForState(_ state: Character, of pid: ProcessID) async throws {
        let deadline = Self.soon
        while true {
            let now = try procfs.stat(pid)?.state
            if now == state { return }
            if deadline.hasPassed {
                throw Trouble(description: "process \(pid) is \(now.map(String.init) ?? "gone"), not \(state)")
            }
            await Task.yield()
        }
    }
}

extension GroundWorld {
    /// A unit that is not Corral's, with a process of its own in it.
    struct ForeignUnit {
        /// Its cgroup, as `/proc/PID/cgroup` has it.
        let path: String
        fileprivate let name: String

        /// Processes in it.
        func count() throws -> Int {
            try Shell.run("cat '/sys/fs/cgroup\(path)/cgroup.procs'").split(separator: "\n").count
        }

        /// Ends it.
        func end() {
            do { try GroundWorld.systemctl("kill -s KILL \(name)") } catch { Issue.record("end \(name): \(error)") }
        }
    }

    /// Starts a scope, or a service.
    func foreignUnit(isService: Bool) async throws -> ForeignUnit {
        let name = "nobodys-\(instance).\(isService ? "service" : "scope")"
        let pid = "/tmp/\(name).pid"
        try Shell.launch(
            "systemd-run --\(Self.kind.rawValue) --quiet --collect \(isService ? "" : "--scope") --unit=\(name) sleep 1000",
            pidFile: pid)
        defer { unlink(pid) }
        let deadline = Self.soon
        while try Self.systemctl("is-active \(name) || true") != "active" {
            if deadline.hasPassed { throw Trouble(description: "\(name) did not start") }
            await Task.yield()
        }
        return ForeignUnit(path: try Self.systemctl("show -p ControlGroup --value \(name)"), name: name)
    }
}
