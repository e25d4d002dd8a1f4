import CgroupPty
import Foundation
import TestSupport
import Testing

extension `Ground truth` {
    /// A process in a frozen cgroup of the v1 freezer does not even take SIGKILL, as one in a dead NFS mount.
    @Suite(.enabled(if: Ground.isSystem, "needs root to mount the v1 freezer"))
    struct `An unkillable process` {
        /// The v1 freezer, mounted for a test, with a cgroup in it.
        private final class Freezer: Sendable {
            private let directory: TemporaryDirectory
            private let name = "corral-test-\(InstanceID.mint())"
            private var cgroup: String { "\(directory.path)/\(name)" }

            init() throws {
                directory = try TemporaryDirectory()
                try Shell.run("mount -t cgroup -o freezer none '\(directory.path)'; mkdir '\(cgroup)'")
            }

            func freeze(_ pid: ProcessID) throws {
                try Shell.run(
                    """
                    cd '\(cgroup)'; echo \(pid) > cgroup.procs; echo FROZEN > freezer.state
                    n=0; until [ "$(cat freezer.state)" = FROZEN ]; do n=$((n+1)); [ $n -lt 10000 ]; done
                    """)
            }

            func thaw() throws { try Shell.run("echo THAWED > '\(cgroup)/freezer.state'") }

            /// Lets everybody go and unmounts.
            func end() {
                do {
                    try thaw()
                    try Shell.run(
                        """
                        cd '\(directory.path)'; for p in $(cat \(name)/cgroup.procs); do echo $p > cgroup.procs || :; done
                        cd /; n=0; until rmdir '\(cgroup)'; do n=$((n+1)); [ $n -lt 1000 ]; done; umount '\(directory.path)'
                        """)
                } catch {
                    Issue.record("unmount the freezer: \(error)")
                }
            }
        }

        @Test func `is reported with its number and state, and never confirmed until it is gone (I2) (I3)`()
            async throws
        {
            let freezer = try Freezer()
            do {
                try await GroundWorld.run { world in
                    defer { #expect(throws: Never.self) { try freezer.thaw() } }
                    let scope = world.scope()
                    let session = try await world.session(
                        "echo ready; read x", in: scope, stopTimeout: .milliseconds(100))
                    try freezer.freeze(session.pid)
                    var patience = ScopeStop.Patience()
                    patience.hangup = .milliseconds(20)
                    patience.grace = .seconds(1)
                    patience.kill = .milliseconds(100)
                    for (target, force) in [
                        (ScopeStop.Target(scope), false), (ScopeStop.Target(scope), true),
                        (ScopeStop.Target(world.slice), false),
                    ] {
                        let report = await world.scopeStop().stop(
                            target, leaders: [session.leader.pidfd], force: force, patience: patience)
                        guard case .unkillable(let left) = report.outcome else {
                            throw GroundWorld.Trouble(description: "\(report)")
                        }
                        #expect(left.map(\.pid) == [session.pid])
                        #expect(left.first?.command == "sh")
                        #expect(left.first?.state == "D")
                        #expect(left.first?.cgroup == "\(world.ground.manager.path.appending(scope.path))")
                        #expect(report.means == nil)
                        #expect(report.membersSignalled == 1)
                        #expect(try !session.leader.pidfd.hasExited())
                    }
                    try freezer.thaw()
                    #expect(try await session.exitStatus() == .signal(SIGKILL))
                    let report = await world.scopeStop().stop(
                        .init(scope), leaders: [session.leader.pidfd], force: false, patience: patience)
                    #expect(report.outcome == .confirmed, "\(report)")
                }
            } catch {
                freezer.end()
                throw error
            }
            freezer.end()
        }

        /// Symptom: a kill let its workspace run that was being frozen, and the freeze waited to its deadline and named the process. Cause:
        /// the slice was asked whether it is frozen, and not whether it is to be; and the freeze did not see that it was undone.
        @Test func `keeps a freeze from its end, which a kill beside it does not undo and a thaw does`() async throws {
            let freezer = try Freezer()
            do {
                try await GroundWorld.run { world in
                    defer { #expect(throws: Never.self) { try freezer.thaw() } }
                    let (stuck, scope) = (world.scope(), world.scope())
                    let session = try await world.session("echo ready; read x", in: stuck)
                    let killed = try await world.session("echo ready; read x", in: scope)
                    try freezer.freeze(session.pid)
                    let slice = try world.cgroup(world.slice.path)
                    let freeze = Task { [systemd = world.systemd, ground = world.ground, monitor = world.monitor] in
                        try await UnitFreezer(systemd: systemd, ground: ground, monitor: monitor)
                            .freeze(.init(world.slice), until: .after(.seconds(60)))
                    }
                    while try !slice.isFreezeWanted() { await Task.yield() }
                    let report = await world.scopeStop().stop(
                        .init(scope), leaders: [killed.leader.pidfd], force: false)
                    #expect(report.outcome == .confirmed)
                    #expect(report.means == .killed)
                    #expect(try slice.isFreezeWanted())
                    let thawed = Deadline.now
                    try GroundWorld.systemctl("thaw \(world.slice.unit)")
                    guard case .failed(let why) = try await freeze.value else {
                        throw GroundWorld.Trouble(description: "it was frozen")
                    }
                    #expect(why.contains("thawed"), "\(why)")
                    #expect(thawed.millisecondsAgo < 20_000)
                }
            } catch {
                freezer.end()
                throw error
            }
            freezer.end()
        }
    }
}
