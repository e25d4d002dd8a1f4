import CgroupPty
import Foundation
import TestSupport
import Testing

extension `Ground truth` {
    @Suite struct `The ground` {
        /// A cgroup of a test's own below the one that the test runs in, which is delegated to it.
        private static func withScratch(
            _ body: (_ ground: CgroupPath, _ directory: String) async throws -> Void
        ) async throws {
            guard case .path(let own) = try Procfs().cgroup(ProcessID(getpid())) else { return }
            let scratch = own.appending("scratch-\(InstanceID.mint())")
            let directory = "/sys/fs/cgroup/\(scratch.relative)"
            guard mkdir(directory, 0o755) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            defer { _ = try? Shell.run("find '\(directory)' -depth -type d -exec rmdir {} +") }
            try await body(scratch, directory)
        }

        private let place = CgroupPath(components: ["a.slice", "b.scope"])

        @Test func `tells what is there from what is not (I2)`() async throws {
            try await Self.withScratch { path, directory in
                let ground = try CgroupGround(path: path)
                guard case .absent = ground.look(place) else {
                    throw GroundWorld.Trouble(description: "\(ground.look(place))")
                }
                try Shell.run("mkdir -p '\(directory)/a.slice'")
                guard case .absent = ground.look(place) else {
                    throw GroundWorld.Trouble(description: "\(ground.look(place))")
                }
                try Shell.run("mkdir -p '\(directory)/a.slice/b.scope'")
                guard case .found(let found) = ground.look(place) else {
                    throw GroundWorld.Trouble(description: "\(ground.look(place))")
                }
                #expect(found.path == path.appending(place))
                #expect(try found.events()?.isPopulated == false)
            }
        }

        @Test func `knows nothing once the manager's cgroup is gone, also when another has its name (I3)`() async throws
        {
            try await Self.withScratch { path, directory in
                let ground = try CgroupGround(path: path)
                let identity = ground.identity
                try Shell.run("rmdir '\(directory)'")
                guard case .unknown(let reason) = ground.look(place) else {
                    throw GroundWorld.Trouble(description: "\(ground.look(place))")
                }
                #expect(reason == "the manager's cgroup \(path) was removed")
                try Shell.run("mkdir -p '\(directory)/a.slice/b.scope'")
                guard case .unknown = ground.look(place) else {
                    throw GroundWorld.Trouble(description: "\(ground.look(place))")
                }
                #expect(try CgroupGround(path: path).identity != identity)
            }
        }

        @Test func `confirms nothing when the manager's cgroup is gone (I2) (I3)`() async throws {
            try await GroundWorld.run { world in
                try await Self.withScratch { path, directory in
                    let ground = try CgroupGround(path: path)
                    let stop = ScopeStop(
                        systemd: world.systemd, ground: ground, monitor: world.monitor, procfs: world.procfs)
                    let target = ScopeStop.Target(world.scope())
                    #expect(await stop.stop(target, leaders: [], force: false).outcome == .confirmed)
                    try Shell.run("rmdir '\(directory)'")
                    for report in [
                        await stop.stop(target, leaders: [], force: false),
                        await stop.stop(target, leaders: [], force: true),
                        await stop.confirm(target, leaders: []),
                    ] {
                        #expect(report.outcome == .unknown("the manager's cgroup \(path) was removed"))
                        #expect(report.means == nil)
                    }
                }
            }
        }

        @Test func `finds a path of procfs below the manager, and nothing else`() async throws {
            try await GroundWorld.run { world in
                let manager = world.ground.manager.path
                #expect(world.ground.relative(manager.appending(world.slice.path)) == world.slice.path)
                #expect(world.ground.relative(manager)?.components == [])
                if !manager.components.isEmpty {
                    #expect(world.ground.relative(CgroupPath(components: ["elsewhere"])) == nil)
                }
            }
        }

        @Test func `recognises a cgroup by device and inode`() async throws {
            try await Self.withScratch { path, _ in
                let (first, second) = (try CgroupGround(path: path), try CgroupGround(path: path))
                #expect(first.identity == second.identity)
                #expect(try first.manager.identity() == first.identity)
            }
        }

        @Test func `keeps our attributes on a cgroup, as hints`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("echo ready; read x", in: scope)
                let cgroup = try world.cgroup(scope.path)
                #expect(try cgroup.attribute("session") == nil)
                try cgroup.setAttribute("session", scope.session.rawValue)
                try cgroup.setAttribute("title", "häuser \u{1F33F}\nzwei")
                try cgroup.setAttribute("empty", "")
                #expect(try world.cgroup(scope.path).attribute("session") == scope.session.rawValue)
                #expect(try cgroup.attribute("title") == "häuser \u{1F33F}\nzwei")
                #expect(try cgroup.attribute("empty") == "")
                try cgroup.setAttribute("session", "other")
                #expect(try cgroup.attribute("session") == "other")
            }
        }

        @Test func `lists the members of a cgroup and of all below it, under any name`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let directory = "/sys/fs/cgroup/\(world.ground.manager.path.appending(scope.path).relative)"
                // One below the other, and one whose name is no text at all.
                let session = try await world.session(
                    """
                    d='\(directory)'; odd="$d/$(printf 'odd\\377')"; mkdir -p "$d/in ner/most" "$odd"
                    sleep 1000 & echo "one=$!="; echo $! > "$d/in ner/most/cgroup.procs"
                    sleep 1000 & echo "two=$!="; echo $! > "$odd/cgroup.procs"
                    echo ready; read x
                    """, in: scope)
                let output = try await session.read(until: "ready")
                let children = output.split(separator: "=").compactMap { ProcessID($0) }
                #expect(children.count == 2)
                let cgroup = try world.cgroup(scope.path)
                #expect(try cgroup.ownMembers() == [session.pid])
                #expect(try cgroup.members() == (children + [session.pid]).sorted())
                #expect(try cgroup.childNames()?.count == 2)
                #expect(try world.cgroup(world.slice.path).members().count == 3)
            }
        }

        /// All cgroups of a level were opened at once: a slice of some thousand sessions could not be read.
        @Test func `lists more cgroups than a process may have descriptors`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let directory = "/sys/fs/cgroup/\(world.ground.manager.path.appending(scope.path).relative)"
                let session = try await world.session(
                    "d='\(directory)'; for i in $(seq 300); do mkdir \"$d/c$i\"; done; echo ready; read x", in: scope)
                let path = "\(world.ground.manager.path.appending(scope.path))"
                await #expect(processExitsWith: .success) {
                    [path = path as String, pid = session.pid.rawValue as Int32] in
                    var limit = rlimit(rlim_cur: 100, rlim_max: 100)
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                    let cgroup = try CgroupDirectory.open(
                        mount: "/sys/fs/cgroup", CgroupPath(path) ?? CgroupPath(components: []))
                    guard try cgroup.members() == [ProcessID(pid)] else { exit(1) }
                }
            }
        }

        @Test func `says of a cgroup that was removed that it was`() async throws {
            try await Self.withScratch { path, directory in
                let ground = try CgroupGround(path: path)
                try Shell.run("mkdir '\(directory)/x'")
                guard case .found(let cgroup) = ground.look(CgroupPath(components: ["x"])) else {
                    throw GroundWorld.Trouble(description: "no cgroup")
                }
                #expect(try cgroup.isThere())
                try Shell.run("rmdir '\(directory)/x'")
                #expect(try !cgroup.isThere())
                #expect(try cgroup.events() == nil)
                #expect(try cgroup.childNames() == nil)
                #expect(try cgroup.ownMembers() == nil)
                #expect(try cgroup.members() == [])
                #expect(try cgroup.kill() == false)
                #expect(try cgroup.thaw() == false)
                #expect(try cgroup.child(CgroupPath(components: ["y"])) == nil)
                #expect(try cgroup.attribute("session") == nil)
            }
        }
    }
}
