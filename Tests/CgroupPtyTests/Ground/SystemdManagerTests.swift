import CgroupPty
import Foundation
import TestSupport
import Testing

extension `Ground truth` {
    @Suite struct `The manager` {
        private static func show(_ unit: String, _ property: String) throws -> String {
            try GroundWorld.systemctl("show --property=\(property) --value -- '\(unit)'")
        }

        @Test func `puts a leader into its scope and nowhere else`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let session = try await world.session("echo ready; read x", in: scope)
                let expected = world.ground.manager.path.appending(scope.path)
                #expect(try world.procfs.cgroup(session.pid) == .path(expected))
                #expect(world.ground.relative(expected) == scope.path)
                let cgroup = try world.cgroup(scope.path)
                #expect(try cgroup.members() == [session.pid])
                #expect(try cgroup.events()?.isPopulated == true)
            }
        }

        @Test func `gives a scope the properties that the design asks for`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("echo ready; read x", in: scope)
                let wanted = [
                    "Description": "Corral test", "Slice": scope.slice.unit, "SendSIGHUP": "yes",
                    "TimeoutStopUSec": "5s",
                    "CollectMode": "inactive-or-failed", "OOMPolicy": "continue", "CPUAccounting": "yes",
                    "MemoryAccounting": "yes",
                    "TasksAccounting": "yes", "IOAccounting": "yes", "Transient": "yes",
                ]
                for (property, value) in wanted {
                    let shown = try Self.show(scope.unit, property)
                    // systemd 259 and later always count the time of the CPU, and have no such property.
                    if property == "CPUAccounting", shown.isEmpty { continue }
                    #expect(shown == value, "\(property)")
                }
            }
        }

        /// Fractions of a second were cut off: half a second of grace became none.
        @Test(arguments: [(Duration.milliseconds(500), "500ms"), (.seconds(90), "1min 30s"), (.zero, "1us")])
        func `keeps a timeout, also one of less than a second`(timeout: Duration, shown: String) async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("echo ready; read x", in: scope, stopTimeout: timeout)
                let value = try Self.show(scope.unit, "TimeoutStopUSec")
                #expect(value == shown)
            }
        }

        @Test func `refuses a second scope of the same name and leaves the second leader where it is`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let first = try await world.session("echo ready; read x", in: scope)
                let second = try world.park("/bin/true", ["true"])
                let before = try world.procfs.cgroup(second.pid)
                let failure = await #expect(throws: ScopeFailure.self) {
                    try await world.systemd.startScope(
                        scope, description: "second", leader: second.pid, stopTimeout: .seconds(5),
                        until: GroundWorld.soon)
                }
                #expect(failure?.errorName == "org.freedesktop.systemd1.UnitExists")
                #expect("\(try #require(failure))".hasPrefix("start scope \(scope.unit): UnitExists: "))
                #expect(try world.procfs.cgroup(second.pid) == before)
                #expect(try world.cgroup(scope.path).members() == [first.pid])
            }
        }

        @Test func `refuses a process that is gone, and leaves no unit`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let session = try await world.shell("exit 0")
                _ = try await session.exitStatus()
                let failure = await #expect(throws: ScopeFailure.self) {
                    try await world.systemd.startScope(
                        scope, description: "x", leader: session.pid, stopTimeout: .seconds(5), until: GroundWorld.soon)
                }
                #expect(failure?.errorName != nil)
                #expect(world.isAbsent(scope.path))
            }
        }

        @Test func `stops a unit, and says of one that is not there that it is not`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let session = try await world.session("echo ready; read x", in: scope)
                #expect(try await world.systemd.stopUnit(scope.unit, until: GroundWorld.soon) == .done)
                #expect(try await session.exitStatus() == .signal(SIGTERM))
                #expect(try await world.systemd.stopUnit(scope.unit, until: GroundWorld.soon) == nil)
                #expect(try await world.systemd.stopUnit(world.scope().unit, until: GroundWorld.soon) == nil)
            }
        }

        @Test func `gives a stop up at its deadline, and the job goes on`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let session = try await world.session(
                    "trap '' HUP TERM; echo ready; while :; do sleep 1000; done", in: scope, stopTimeout: .seconds(1))
                await #expect(throws: ScopeFailure.deadlinePassed(operation: "stop", unit: scope.unit)) {
                    _ = try await world.systemd.stopUnit(scope.unit, until: .after(.milliseconds(50)))
                }
                #expect(try await session.exitStatus() == .signal(SIGKILL))
            }
        }

        @Test func `takes the tidying of a unit that is not there for done`() async throws {
            try await GroundWorld.run { world in
                for unit in [world.scope().unit, world.slice.unit] {
                    try await world.systemd.resetFailedUnit(unit, until: GroundWorld.soon)
                    try await world.systemd.thawUnit(unit, until: GroundWorld.soon)
                }
            }
        }

        @Test func `refuses what is no unit's name`() async throws {
            try await GroundWorld.run { world in
                let failure = await #expect(throws: ScopeFailure.self) {
                    _ = try await world.systemd.stopUnit("no unit", until: GroundWorld.soon)
                }
                #expect(failure?.errorName != nil)
            }
        }

        @Test func `lists the units that match, with their states`() async throws {
            try await GroundWorld.run { world in
                let scopes = [world.scope(), world.scope()]
                for scope in scopes { _ = try await world.session("echo ready; read x", in: scope) }
                let units = try await world.systemd.units(
                    matching: "corral-\(world.instance)*", until: GroundWorld.soon)
                #expect(
                    Set(units.map(\.name))
                        == Set(scopes.map(\.unit) + [world.slice.unit, SliceName.instance(world.instance).unit]))
                #expect(units.allSatisfy { $0.activeState == "active" })
                #expect(units.filter { $0.name.hasSuffix(".scope") }.allSatisfy { $0.subState == "running" })
                #expect(
                    try await world.systemd.units(matching: "corral-\(InstanceID.mint())*", until: GroundWorld.soon)
                        == [])
            }
        }

        @Test func `tells its cgroup and its version`() async throws {
            try await GroundWorld.run { world in
                let group = try await world.systemd.controlGroup(until: GroundWorld.soon)
                #expect(group == (try GroundWorld.systemctl("show --property=ControlGroup --value")))
                let version = try await world.systemd.version(until: GroundWorld.soon)
                #expect(version == (try GroundWorld.systemctl("show --property=Version --value")))
                #expect(try #require(Int(version.prefix { $0.isNumber })) >= 252)
            }
        }

        @Test func `reads its files again`() async throws {
            try await GroundWorld.run { world in
                try await world.systemd.reload(until: GroundWorld.soon)
                #expect(try await world.systemd.version(until: GroundWorld.soon).isEmpty == false)
            }
        }

        @Test func `starts 400 scopes in 20 slices at once, each leader into its own`() async throws {
            try await GroundWorld.run { world in
                let workspaces = (0..<20).map { _ in WorkspaceID.mint() }
                let started = try await withThrowingTaskGroup(of: (ScopeName, GroundSession).self) { group in
                    for number in 0..<400 {
                        let scope = ScopeName(
                            instance: world.instance, workspace: workspaces[number % 20], session: .mint())
                        let session = try world.park("/bin/cat", ["cat"])
                        group.addTask {
                            try await world.systemd.startScope(
                                scope, description: "one of many", leader: session.pid, stopTimeout: .seconds(5),
                                until: .after(.seconds(60)))
                            return (scope, session)
                        }
                    }
                    return try await group.reduce(into: [(ScopeName, GroundSession)]()) { $0.append($1) }
                }
                for (scope, session) in started {
                    #expect(
                        try world.procfs.cgroup(session.pid) == .path(world.ground.manager.path.appending(scope.path)))
                }
                let all = try world.cgroup(SliceName.instance(world.instance).path)
                #expect(Set(try all.members()) == Set(started.map { $0.1.pid }))
                #expect(started.count == 400)

                // All at once is how they go, too.
                let report = await world.scopeStop().stop(
                    ScopeStop.Target(.instance(world.instance)), leaders: started.map { $0.1.leader.pidfd },
                    force: false)
                #expect(report.outcome == .confirmed, "\(report)")
                #expect(report.membersSignalled == 400)
            }
        }

        @Test func `fails what is under way when the connection is closed, and the next call makes another`()
            async throws
        {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("trap '' HUP TERM; echo ready; while :; do sleep 1000; done", in: scope)
                let stop = Task { try await world.systemd.stopUnit(scope.unit, until: GroundWorld.soon) }
                // The job runs as soon as the manager says so of the unit.
                while try await world.systemd.units(matching: scope.unit, until: GroundWorld.soon).first?.subState
                    == "running"
                {}
                await world.systemd.close()
                await #expect(
                    throws: ScopeFailure.unreachable(
                        operation: "stop", unit: scope.unit, cause: "the connection was closed")
                ) { _ = try await stop.value }
                #expect(try await world.systemd.version(until: GroundWorld.soon).isEmpty == false)
            }
        }

        @Test func `is found again after it has executed itself anew, and its scopes with it`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let session = try await world.session("echo ready; read x", in: scope)
                let cgroup = try world.cgroup(scope.path)
                try GroundWorld.systemctl("daemon-reexec")
                let deadline = GroundWorld.soon
                // What falls into the gap is told from a refusal.
                while true {
                    do throws(ScopeFailure) {
                        _ = try await world.systemd.version(until: deadline)
                        break
                    } catch {
                        guard case .unreachable = error else { throw error }
                    }
                }
                #expect(try world.cgroup(scope.path).identity() == cgroup.identity())
                let second = world.scope()
                _ = try await world.session("echo ready; read x", in: second)
                for scope in [scope, second] {
                    #expect(try await world.systemd.stopUnit(scope.unit, until: GroundWorld.soon) == .done)
                }
                #expect(try await session.exitStatus() == .signal(SIGTERM))
            }
        }

        @Test func `answers on its own socket while no bus can be reached (I10)`() async throws {
            await #expect(processExitsWith: .success) {
                for name in ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"] {
                    setenv(name, "unix:path=/nowhere/bus", 1)
                }
                try await GroundWorld.run { world in
                    let scope = world.scope()
                    let session = try await world.session("echo ready; read x", in: scope)
                    let report = await world.scopeStop().stop(
                        .init(scope), leaders: [session.leader.pidfd], force: false)
                    guard report.outcome == .confirmed, report.remarks.isEmpty else {
                        print(report)
                        exit(1)
                    }
                }
            }
        }

        @Test(.enabled(if: !Ground.isSystem, "the system manager's own socket has one place"))
        func `answers over the bus where its own socket cannot be reached`() async throws {
            try await GroundWorld.run { world in
                let systemd = try SystemdManager(kind: .user, environment: [:])
                let scope = world.scope()
                let session = try world.park("/bin/cat", ["cat"])
                try await systemd.startScope(
                    scope, description: "by bus", leader: session.pid, stopTimeout: .seconds(5), until: GroundWorld.soon
                )
                #expect(try world.cgroup(scope.path).members() == [session.pid])
                #expect(try await systemd.stopUnit(scope.unit, until: GroundWorld.soon) == .done)
                #expect(try await systemd.stopUnit(scope.unit, until: GroundWorld.soon) == nil)
                await systemd.close()
            }
        }
    }
}
