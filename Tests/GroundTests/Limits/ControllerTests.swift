import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Where the manager has all controllers: in the virtual machine of scripts/test-limits, and on a machine that delegates them.
@Suite(
    .enabled(
        if: Ground.isAvailable && Ground.controllers.isSuperset(of: [.memory, .cpu, .pids, .io]),
        "needs a manager with all controllers: scripts/test-limits"),
    .serialized)
struct `With all controllers` {
    /// A machine without hardware support takes its time.
    private static let patience = Duration.seconds(120)
    /// Reads into one line without an end, and keeps all of it.
    private static let hog = "exec tail /dev/zero"

    private func ended(_ fixture: Fixture, _ session: SessionDocument) async throws -> SessionDocument {
        try await fixture.eventually("session \(session.id) ends", within: Self.patience) {
            try await fixture.client.session(session.id).endedAt != nil
        }
        return try await fixture.client.session(session.id)
    }

    // MARK: Memory

    @Test func `a memory hog is killed and reported as oom, and its neighbours and the host live`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let neighbour = try await fixture.session(workspace, "exec sleep 1000")
            let other = try await fixture.session(try await fixture.workspace("two"), "exec sleep 1000")
            let hog = try await fixture.session(
                workspace, Self.hog, limits: LimitsRequest(memoryMax: LimitValue("64M")))
            let document = try await ended(fixture, hog)
            #expect(document.endReason == .oom)
            #expect(document.exit == .init(code: nil, signal: 9))
            #expect(document.status == .exited)
            for session in [neighbour, other] {
                #expect(try await fixture.client.session(session.id).status == .active)
                #expect(try fixture.world.inUnit(session.unit).count == 1)
            }
            #expect(try await fixture.client.status().sessions == 2)
        }
    }

    @Test func `the limit of a workspace holds for its sessions together`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let neighbour = try await fixture.session(workspace, "exec sleep 1000")
            _ = try await fixture.client.changeWorkspace(
                workspace.id, ChangeRequest(limits: LimitsRequest(memoryMax: LimitValue("96M"))))
            #expect(try fixture.kernel("memory.max", of: workspace.slice) == "\(96 << 20)")
            let hog = try await fixture.session(workspace, Self.hog)
            #expect(try await ended(fixture, hog).endReason == .oom)
            #expect(try await fixture.client.session(neighbour.id).status == .active)
            let stats = try await fixture.client.stats(workspace: workspace.id)
            let figures = try #require(stats.workspaces.first?.figures)
            #expect((figures.memory?.oomKills ?? 0) >= 1)
            #expect((figures.memory?.peak ?? 0) > 48 << 20)
            #expect(RunningHost.log(fixture.host.place).contains("ended a process for want of memory"))
        }
    }

    /// Whoever is killed is not the leader: the session goes on, and the kill is counted.
    @Test func `a child that is killed for want of memory does not end its session`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace, "tail /dev/zero; echo \"status $?\"; exec sleep 1000",
                limits: LimitsRequest(memoryMax: LimitValue("64M")))
            try await SessionReader(fixture.client, session.id).waitFor("status 137", within: Self.patience)
            #expect(try await fixture.client.session(session.id).status == .active)
            let stats = try await fixture.client.stats(workspace: workspace.id)
            #expect(stats.workspaces.first?.sessions.first?.figures.memory?.oomKills == 1)
        }
    }

    @Test func `a SIGKILL that is no want of memory is a signal`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace, "kill -9 $$", limits: LimitsRequest(memoryMax: LimitValue("64M")))
            #expect(try await ended(fixture, session).endReason == .signalled)
        }
    }

    // MARK: Tasks

    @Test func `a fork bomb stays inside its tasks, and the others can fork`() async throws {
        try await Fixture.run { fixture in
            let other = try await fixture.session(
                try await fixture.workspace("two"), "while read line; do /bin/echo \"got $line\"; done")
            let workspace = try await fixture.workspace()
            _ = try await fixture.client.changeWorkspace(
                workspace.id,
                ChangeRequest(limits: LimitsRequest(cpuQuota: LimitValue("50%"), tasksMax: LimitValue("40"))))
            let bomb = try await fixture.session(workspace, "bomb() { bomb | bomb & }; bomb; exec sleep 1000")
            try await fixture.eventually("forks are refused", within: Self.patience) {
                let count = try #require(try fixture.kernel("pids.current", of: workspace.slice).flatMap { Int($0) })
                #expect(count <= 40)
                return try (fixture.kernel("pids.events", "max", of: bomb.unit) ?? 0) > 0
                    || (fixture.kernel("pids.events", "max", of: workspace.slice) ?? 0) > 0
            }
            try await fixture.client.sendInput(Array("hello\r".utf8), to: other.id)
            try await SessionReader(fixture.client, other.id).waitFor("got hello", within: Self.patience)
            try await fixture.eventually("it is told", within: Self.patience) {
                RunningHost.log(fixture.host.place).contains("has as many tasks as it may have")
            }
            let stats = try await fixture.client.stats(workspace: workspace.id)
            #expect((stats.workspaces.first?.figures.tasks?.current ?? 99) <= 40)
            let receipt = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, timeout: 120))
            #expect(receipt.state == .deleted)
            #expect(receipt.outcome == .confirmed)
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)
        }
    }

    // MARK: Processors

    @Test func `a CPU quota holds within ten per cent, and a new one takes effect at once`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace, "while :; do :; done & while :; do :; done",
                limits: LimitsRequest(cpuQuota: LimitValue("50%")))
            #expect(session.limits.cpuQuota == 50)
            #expect(session.limitsInForce?.cpuQuota == 50)
            #expect(try fixture.kernel("cpu.max", of: session.unit) == "50000 100000")
            let half = try await fixture.share(of: session, over: .seconds(6))
            #expect(abs(half - 0.5) <= 0.05, "\(half) of a processor")
            let changed = try await fixture.client.changeSession(
                session.id, ChangeRequest(limits: LimitsRequest(cpuQuota: LimitValue("20%"))))
            #expect(changed.limitsInForce?.cpuQuota == 20)
            let fifth = try await fixture.share(of: session, over: .seconds(6))
            #expect(abs(fifth - 0.2) <= 0.02, "\(fifth) of a processor")
            // Two processes that are given a fifth of one processor wait: this is pressure.
            let stats = try await fixture.client.stats(workspace: workspace.id)
            let figures = try #require(stats.workspaces.first?.sessions.first?.figures)
            #expect((figures.cpuPressure?.some.totalUsec ?? 0) > 0)
            #expect((figures.cpu?.throttledUsec ?? 0) > 0)
            let lifted = try await fixture.client.changeSession(
                session.id, ChangeRequest(limits: LimitsRequest(cpuQuota: LimitValue("infinity"))))
            #expect(lifted.limits.cpuQuota == nil)
            try expectNoQuota(fixture, of: session.unit)
            #expect(try await fixture.share(of: session, over: .seconds(2)) > 0.6)
        }
    }

    @Test func `memory that is held back is pressure`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace, "head -c 80m /dev/zero | tail -c 79m | (sleep 5; wc -c); exec sleep 1000",
                limits: LimitsRequest(memoryMax: LimitValue("512M"), memoryHigh: LimitValue("16M")))
            try await fixture.eventually("memory pressure appears", within: Self.patience) {
                let stats = try await fixture.client.stats(workspace: workspace.id)
                return (stats.workspaces.first?.sessions.first?.figures.memoryPressure?.some.totalUsec ?? 0) > 0
            }
            #expect(try await fixture.client.session(session.id).endReason != .oom)
        }
    }

    /// The file goes with the controller when nothing else needs that.
    private func expectNoQuota(_ fixture: Fixture, of unit: String) throws {
        #expect(try [nil, "max 100000"].contains(fixture.kernel("cpu.max", of: unit)))
    }

    // MARK: Where limits are kept

    private static let all = LimitsRequest(
        memoryMax: LimitValue("512M"), memoryHigh: LimitValue("384M"), cpuQuota: LimitValue("150%"),
        cpuWeight: LimitValue("50"), tasksMax: LimitValue("200"), ioWeight: LimitValue("80"))

    private static let none = LimitsRequest(
        memoryMax: LimitValue("infinity"), memoryHigh: LimitValue("infinity"), cpuQuota: LimitValue("infinity"),
        cpuWeight: LimitValue("default"), tasksMax: LimitValue("infinity"), ioWeight: LimitValue("default"))

    private func expectAll(_ fixture: Fixture, of unit: String) throws {
        #expect(try fixture.kernel("memory.max", of: unit) == "\(512 << 20)")
        #expect(try fixture.kernel("memory.high", of: unit) == "\(384 << 20)")
        #expect(try fixture.kernel("cpu.max", of: unit) == "150000 100000")
        #expect(try fixture.kernel("cpu.weight", of: unit) == "50")
        #expect(try fixture.kernel("pids.max", of: unit) == "200")
        #expect(try fixture.kernel("io.weight", of: unit) == "default 80")
    }

    @Test func `all limits are in the kernel before the command runs, of the workspace and of the session`()
        async throws
    {
        try await Fixture.run { fixture in
            let place = fixture.directory.path + "/place"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let workspace = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: place, limits: Self.all)
            ).document
            #expect(workspace.limitsInForce == nil, "there is no slice yet")
            // What the command itself sees is what holds when it begins.
            let session = try await fixture.session(
                workspace,
                """
                d=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); echo $(cat $d/pids.max $d/../pids.max $d/../memory.max) ready
                exec sleep 1000
                """, limits: Self.all)
            let text = try await SessionReader(fixture.client, session.id).waitFor("ready", within: Self.patience)
            #expect(text.contains("200 200 \(512 << 20) ready"), "\(text)")
            try expectAll(fixture, of: workspace.slice)
            try expectAll(fixture, of: session.unit)
            let document = try await fixture.client.workspace(workspace.id)
            #expect(document.limitsInForce == document.limits)
            #expect(try await fixture.client.session(session.id).limitsInForce == document.limits)
        }
    }

    @Test func `a change while all runs switches on the controllers that it needs, and lifting gives them back`()
        async throws
    {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            for _ in 1...3 {
                let changed = try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(limits: Self.all))
                #expect(changed.limitsInForce == changed.limits)
                try expectAll(fixture, of: workspace.slice)
                let limited = try await fixture.client.changeSession(session.id, ChangeRequest(limits: Self.all))
                #expect(limited.limitsInForce == limited.limits)
                try expectAll(fixture, of: session.unit)
                #expect(
                    try await fixture.client.changeSession(session.id, ChangeRequest(limits: Self.none)).limits
                        == LimitsDocument())
                #expect(
                    try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(limits: Self.none)).limits
                        == LimitsDocument())
                for unit in [session.unit, workspace.slice] {
                    try expectNoQuota(fixture, of: unit)
                    #expect(try fixture.kernel("memory.max", of: unit) == "max")
                    #expect(try fixture.kernel("pids.max", of: unit) == "max")
                }
            }
        }
    }

    /// Regression: when a property is set of a slice that is not loaded, systemd leaves an empty cgroup behind, from which it takes
    /// the controllers back that nothing else needs, if another workspace runs. The missing file was taken for a limit that
    /// does not hold, and the change was refused with `limit_unavailable`.
    @Test func `a change while nothing runs is taken beside others that run, and holds for the next session`()
        async throws
    {
        try await Fixture.run { fixture in
            _ = try await fixture.session(try await fixture.workspace("two"), "exec sleep 1000")
            let workspace = try await fixture.workspace()
            try await fixture.eventually("the slice is gone", within: Self.patience) {
                try fixture.kernel("cgroup.events", of: workspace.slice) == nil
            }
            let changed = try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(limits: Self.all))
            #expect(changed.limitsInForce == nil)
            let stats = try await fixture.client.stats(workspace: workspace.id)
            #expect(stats.workspaces.first?.figures == FiguresDocument(reason: "nothing runs in it"))
            _ = try await fixture.session(workspace, "exec sleep 1000")
            try expectAll(fixture, of: workspace.slice)
        }
    }

    @Test func `a slice that vanished gets its limits again, also after its files are gone as at a reboot`()
        async throws
    {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            _ = try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(limits: Self.all))
            let first = try await fixture.session(workspace, "exec sleep 1000")
            try expectAll(fixture, of: workspace.slice)
            _ = try await fixture.client.killSession(first.id)
            try await fixture.eventually("the slice is gone", within: Self.patience) {
                try fixture.kernel("cgroup.events", of: workspace.slice) == nil
            }
            #expect(try !Fixture.dropIns(of: workspace.slice).isEmpty)
            let second = try await fixture.session(workspace, "exec sleep 1000")
            try expectAll(fixture, of: workspace.slice)
            _ = try await fixture.client.killSession(second.id)
            try await fixture.eventually("the slice is gone", within: Self.patience) {
                try fixture.kernel("cgroup.events", of: workspace.slice) == nil
            }
            try Shell.run("systemctl \(Fixture.manager) revert \(workspace.slice)")
            #expect(try Fixture.dropIns(of: workspace.slice).isEmpty)
            _ = try await fixture.session(workspace, "exec sleep 1000")
            try expectAll(fixture, of: workspace.slice)
            // And nothing of it is left when the workspace is gone.
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
            #expect(try Fixture.dropIns(of: workspace.slice).isEmpty)
        }
    }

    @Test func `a limit that is lifted while nothing runs does not come back`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            _ = try await fixture.client.changeWorkspace(workspace.id, ChangeRequest(limits: Self.all))
            let first = try await fixture.session(workspace, "exec sleep 1000")
            _ = try await fixture.client.killSession(first.id)
            try await fixture.eventually("the slice is gone", within: Self.patience) {
                try fixture.kernel("cgroup.events", of: workspace.slice) == nil
            }
            _ = try await fixture.client.changeWorkspace(
                workspace.id,
                ChangeRequest(
                    limits: LimitsRequest(memoryMax: LimitValue("infinity"), memoryHigh: LimitValue("infinity"))))
            _ = try await fixture.session(workspace, "exec sleep 1000")
            #expect(try fixture.kernel("memory.max", of: workspace.slice) == "max")
            #expect(try fixture.kernel("pids.max", of: workspace.slice) == "200", "the others stay")
        }
    }

    @Test func `the next host puts in place what somebody else took away`() async throws {
        let first = try await Fixture.make()
        let workspace = try await first.workspace()
        _ = try await first.client.changeWorkspace(workspace.id, ChangeRequest(limits: Self.all))
        // Its terminal is gone with a host that nobody keeps terminals for.
        let session = try await first.session(
            workspace, "trap '' HUP; echo ready; exec sleep 1000", limits: Self.all)
        try await SessionReader(first.client, session.id).waitFor("ready", within: Self.patience)
        try await first.host.kill()
        for unit in [workspace.slice, session.unit] {
            try Shell.run("systemctl \(Fixture.manager) set-property --runtime \(unit) TasksMax=infinity")
            #expect(try first.kernel("pids.max", of: unit) == "max")
        }
        let second = Fixture(
            host: try await RunningHost.start(first.host.place), repository: first.repository,
            directory: first.directory)
        for unit in [workspace.slice, session.unit] {
            try await second.eventually("the limits of \(unit) are back", within: Self.patience) {
                try second.kernel("pids.max", of: unit) == "200"
            }
        }
        try await second.end()
    }

    @Test func `defaults of the service hold for what is new, unless its request says otherwise`() async throws {
        try await Fixture.run(
            arguments: [
                "--workspace-default", "tasks-max=300", "--workspace-default", "memory-max=1G", "--session-default",
                "tasks-max=100",
            ]
        ) { fixture in
            let workspace = try await fixture.workspace()
            #expect(workspace.limits == LimitsDocument(memoryMax: 1 << 30, tasksMax: 300))
            let session = try await fixture.session(
                workspace, "exec sleep 1000", limits: LimitsRequest(memoryMax: LimitValue("64M")))
            #expect(session.limits == LimitsDocument(memoryMax: 64 << 20, tasksMax: 100))
            #expect(try fixture.kernel("pids.max", of: workspace.slice) == "300")
            #expect(try fixture.kernel("pids.max", of: session.unit) == "100")
            let free = try await fixture.session(
                workspace, "exec sleep 1000", limits: LimitsRequest(tasksMax: LimitValue("infinity")))
            #expect(free.limits == LimitsDocument())
        }
    }

    @Test func `every figure is there`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "echo ready; exec sleep 1000")
            try await SessionReader(fixture.client, session.id).waitFor("ready", within: Self.patience)
            let stats = try await fixture.client.stats()
            let figures = try #require(stats.workspaces.first?.sessions.first?.figures)
            #expect((figures.memory?.current ?? 0) > 0)
            #expect(figures.memory?.oomKills == 0)
            #expect(figures.tasks?.current == 1)
            #expect(figures.tasks?.refused == 0)
            #expect(figures.io != nil)
            #expect(figures.members == 1)
            #expect(figures.cpuPressure != nil && figures.memoryPressure != nil && figures.ioPressure != nil)
            // The kernel's age; and without a quota or a weight systemd does not switch the cpu controller on.
            #expect(stats.unavailable["cpu.throttled_usec"]?.contains("not switched on there") != false)
            #expect(
                Set(stats.unavailable.keys).isSubset(of: [
                    "frozen_usec", "memory.peak", "memory.swap", "cpu.throttled_usec",
                ]),
                "\(stats.unavailable)")
            let load = try #require(try await fixture.client.load().workspaces.first?.sessions.first?.figures)
            #expect((load.memory ?? 0) > 0 && load.tasks == 1)
            #expect(load.cpuWait != nil && load.memoryWait != nil && load.ioWait != nil)
            let text = String(decoding: try await fixture.client.send(.get, "/metrics").body, as: UTF8.self)
            #expect(text.contains(#"corral_session_tasks{workspace="\#(workspace.id)",session="\#(session.id)"} 1"#))
        }
    }
}
