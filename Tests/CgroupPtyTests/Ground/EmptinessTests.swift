import CgroupPty
import Foundation
import TestSupport
import Testing

extension `Ground truth` {
    @Suite struct `The wait for an empty cgroup` {
        @Test func `ends at once when nobody is left`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let session = try await world.session("echo ready; read x", in: scope)
                let cgroup = try world.cgroup(scope.path)
                let events = try cgroup.events()
                #expect(events?.isPopulated == true)
                try cgroup.kill()
                let first = try await cgroup.waitUntilEmpty(world.monitor, until: GroundWorld.soon)
                #expect(first != .stillPopulated)
                #expect(try await session.exitStatus() == .signal(SIGKILL))
                try await world.waitUntilAbsent(scope.path)
                #expect(try await cgroup.waitUntilEmpty(world.monitor, until: Deadline(bootNanoseconds: 0)) == .gone)
            }
        }

        /// Far sooner than the quarter of a second after which it would look anyway. The best of some, on a busy machine.
        @Test func `is woken by the kernel`() async throws {
            try await GroundWorld.run { world in
                var best = Duration.seconds(100)
                for _ in 0..<12 where best >= .milliseconds(100) {
                    let scope = world.scope()
                    let session = try await world.session("echo ready; read x", in: scope)
                    let cgroup = try world.cgroup(scope.path)
                    let waiting = Task { try await cgroup.waitUntilEmpty(world.monitor, until: GroundWorld.soon) }
                    // Until the wait has begun: it looks first, and then there is one more duplicate of the file.
                    try await world.waitUntilWatched(cgroup)
                    let clock = ContinuousClock()
                    let took = try await clock.measure {
                        try cgroup.kill()
                        #expect(try await waiting.value != .stillPopulated)
                    }
                    best = min(best, took)
                    #expect(try await session.exitStatus() == .signal(SIGKILL))
                }
                #expect(best < .milliseconds(100))
            }
        }

        @Test func `ends with its deadline, its task or its monitor, and says that somebody is left (I8)`() async throws
        {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("echo ready; read x", in: scope)
                let cgroup = try world.cgroup(scope.path)
                let deadline = Deadline.after(.milliseconds(30))
                #expect(try await cgroup.waitUntilEmpty(world.monitor, until: deadline) == .stillPopulated)
                #expect(deadline.hasPassed)

                let waiting = Task { try await cgroup.waitUntilEmpty(world.monitor, until: GroundWorld.soon) }
                try await world.waitUntilWatched(cgroup)
                waiting.cancel()
                #expect(try await waiting.value == .stillPopulated)

                // A stopped monitor ends every wait at once: the loop must end too, and not go round until the deadline.
                let stopped = try ReadinessMonitor()
                stopped.stop()
                let far = Deadline.after(.seconds(600))
                #expect(try await cgroup.waitUntilEmpty(stopped, until: far) == .stillPopulated)
                #expect(far.remaining > .seconds(500))
            }
        }

        @Test func `sees a process that only a cgroup below holds`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                let directory = "/sys/fs/cgroup/\(world.ground.manager.path.appending(scope.path).relative)"
                let session = try await world.session(
                    "mkdir '\(directory)/in'; echo $$ > '\(directory)/in/cgroup.procs'; echo ready; read x", in: scope)
                let cgroup = try world.cgroup(scope.path)
                #expect(try cgroup.ownMembers() == [])
                #expect(try cgroup.members() == [session.pid])
                #expect(
                    try await cgroup.waitUntilEmpty(world.monitor, until: Deadline(bootNanoseconds: 0))
                        == .stillPopulated)
            }
        }

        @Test func `leaves no descriptor behind (I5)`() async throws {
            try await GroundWorld.run { world in
                let scope = world.scope()
                _ = try await world.session("echo ready; read x", in: scope)
                let cgroup = try world.cgroup(scope.path)
                let file = "/sys/fs/cgroup/\(cgroup.path.relative)/cgroup.events"
                let events = try OwnedFileDescriptor.open(path: file, flags: O_RDONLY)
                let leaked = try OwnedFileDescriptor.open(path: file, flags: O_RDONLY)
                #expect(try DescriptorCount.sharing(events) == 2)
                try leaked.close()
                for _ in 0..<20 {
                    #expect(
                        try await cgroup.waitUntilEmpty(world.monitor, until: Deadline(bootNanoseconds: 0))
                            == .stillPopulated)
                    #expect(
                        try await cgroup.waitUntilEmpty(world.monitor, until: .after(.milliseconds(1)))
                            == .stillPopulated)
                }
                #expect(try DescriptorCount.sharing(events) == 1)
            }
        }
    }
}
