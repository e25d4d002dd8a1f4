import CgroupPty
import TestSupport
import Testing

extension `Ground truth` {
    @Suite struct `The freezer` {
        private func freezer(_ world: GroundWorld) -> UnitFreezer {
            UnitFreezer(systemd: world.systemd, ground: world.ground, monitor: world.monitor)
        }

        @Test(arguments: [false, true]) func `stops a scope or a slice until it is thawed`(isSlice: Bool) async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let session = try await world.session("echo ready; read x; echo answered; read y", in: scope)
                let target = isSlice ? ScopeStop.Target(world.slice) : ScopeStop.Target(scope)
                let freezer = freezer(world)
                #expect(freezer.isFrozen(target.path) == false)
                #expect(await freezer.thaw(target) == .notFrozen)
                #expect(try await freezer.freeze(target, until: GroundWorld.soon) == .frozen)
                #expect(freezer.isFrozen(target.path) == true)
                #expect(freezer.isFrozen(scope.path) == true, "also what lies in it")
                #expect(try GroundWorld.systemctl("show --value -p FreezerState \(target.unit)") == "frozen")
                #expect(try await freezer.freeze(target, until: GroundWorld.soon) == .alreadyFrozen)
                #expect(await freezer.thaw(target) == .thawed)
                #expect(freezer.isFrozen(scope.path) == false)
                #expect(try GroundWorld.systemctl("show --value -p FreezerState \(target.unit)") == "running")
                try session.type("\n")
                try await session.read(until: "answered")
            }
        }

        /// systemd before 257 forgets the freeze of a scope when its slice is thawed, and later ones keep it.
        @Test func `thaws a slice with what is frozen in it for itself`() async throws {
            try await GroundWorld.run { world in
                let scopes = [world.scope(), world.scope()]
                for scope in scopes { _ = try await world.session("echo ready; read x", in: scope) }
                let freezer = freezer(world)
                #expect(try await freezer.freeze(.init(scopes[0]), until: GroundWorld.soon) == .frozen)
                #expect(freezer.isFrozen(world.slice.path) == false)
                #expect(try await freezer.freeze(.init(world.slice), until: GroundWorld.soon) == .frozen)
                #expect(await freezer.thaw(.init(world.slice)) == .thawed)
                for scope in scopes { #expect(freezer.isFrozen(scope.path) == false) }
            }
        }

        /// Symptom: the thaw of one workspace let a whole instance run that somebody had frozen. Cause: systemd before 257 thaws what lies
        /// around as well.
        @Test func `thaws nothing that lies around, and says that it is held`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("echo ready; read x", in: scope)
                let cgroup = try world.cgroup(SliceName.instance(world.instance).path)
                try Shell.run("echo 1 > '/sys/fs/cgroup/\(cgroup.path.relative)/cgroup.freeze'")
                try await world.waitUntilFrozen(cgroup)
                let freezer = freezer(world)
                #expect(await freezer.thaw(.init(world.slice)) == .heldByAncestor)
                #expect(await freezer.release(.init(world.slice), keeping: []) == .heldByAncestor)
                #expect(try cgroup.isFreezeWanted())
                #expect(freezer.isFrozen(scope.path) == true)
                #expect(freezer.isToBeFrozen(scope.path))
                try cgroup.thaw()
                #expect(!freezer.isToBeFrozen(scope.path))
            }
        }

        @Test func `finds nothing to freeze where nothing runs`() async throws {
            try await GroundWorld.run { world in
                let freeze = try await freezer(world).freeze(.init(world.slice), until: GroundWorld.soon)
                #expect(freeze == .empty)
                #expect(await freezer(world).thaw(.init(world.slice)) == .notFrozen)
                #expect(freezer(world).isFrozen(world.slice.path) == false)
            }
        }

        @Test func `thaws what somebody froze without systemd, and without systemd (I10)`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("echo ready; read x", in: scope)
                let cgroup = try world.cgroup(scope.path)
                try Shell.run("echo 1 > '/sys/fs/cgroup/\(cgroup.path.relative)/cgroup.freeze'")
                try await world.waitUntilFrozen(cgroup)
                let silent = try SilentManager(.hangsUp)
                defer { silent.stop() }
                let systemd = try SystemdManager(kind: .user, environment: silent.environment)
                let freezer = UnitFreezer(systemd: systemd, ground: world.ground, monitor: world.monitor)
                #expect(await freezer.thaw(.init(scope)) == .thawed)
                await systemd.close()
            }
        }
    }
}
