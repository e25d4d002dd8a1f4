import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Where the manager has no controllers, as in dev/testhost on a machine whose controllers cgroup v1 keeps: nothing is promised that does
/// not hold.
@Suite(
    .enabled(if: Ground.isAvailable && Ground.controllers.isEmpty, "needs a manager without controllers: dev/testhost"),
    .serialized)
struct `Without controllers` {
    private static let memory = LimitsRequest(memoryMax: LimitValue("64M"))

    @Test func `a limit is refused, with what to do about it, and nothing is left of it`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            let change = ChangeRequest(limits: Self.memory)
            do {
                _ = try await fixture.client.changeWorkspace(workspace.id, change)
                Issue.record("a limit that cannot hold was taken")
            } catch HostClientFailure.problem(let problem) {
                #expect(problem.code == "limit_unavailable")
                #expect(problem.status == 422)
                let advice =
                    Ground.isSystem
                    ? "the memory controller is not there for systemd" : "Delegate=cpu cpuset io memory pids"
                #expect(problem.detail.contains(advice), "\(problem.detail)")
            }
            #expect(
                try await Fixture.code { try await fixture.client.changeSession(session.id, change) }
                    == "limit_unavailable")
            #expect(
                try await Fixture.code {
                    try await fixture.client.createSession(
                        in: workspace.id,
                        CreateSessionRequest(id: "limited", command: ["/bin/true"], limits: Self.memory))
                } == "limit_unavailable")
            #expect(
                try await Fixture.code {
                    try await fixture.client.createWorkspace(
                        CreateWorkspaceRequest(repository: fixture.repository.path, branch: "two", limits: Self.memory))
                } == "limit_unavailable")
            #expect(try await fixture.client.workspaces().map(\.id) == [workspace.id])
            #expect(try await fixture.client.sessions(workspace: workspace.id).map(\.id).contains("limited") == false)
            let document = try await fixture.client.workspace(workspace.id)
            #expect(document.limits == LimitsDocument())
            #expect(document.limitsInForce == nil)
            #expect(try Fixture.dropIns(of: workspace.slice).isEmpty)
        }
    }

    @Test func `a limit can be lifted, which promises nothing, and leaves no file of systemd's`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let lifted = try await fixture.client.changeWorkspace(
                workspace.id, ChangeRequest(limits: LimitsRequest(memoryMax: LimitValue("infinity"))))
            #expect(lifted.limits == LimitsDocument())
            #expect(try Fixture.dropIns(of: workspace.slice).isEmpty)
        }
    }

    // What a change had set while the delete went by stayed in systemd's directories until the next boot.
    @Test func `a change beside a delete leaves no file of systemd's`() async throws {
        try await Fixture.run { fixture in
            let lift = ChangeRequest(limits: LimitsRequest(tasksMax: LimitValue("infinity")))
            for number in 0..<8 {
                let workspace = try await fixture.workspace("b\(number)")
                _ = try await fixture.session(workspace, "exec sleep 1000")
                let changes = Task { [client = fixture.client] in
                    while (try? await client.changeWorkspace(workspace.id, lift)) != nil {}
                }
                #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
                await changes.value
                #expect(try Fixture.dropIns(of: workspace.slice).isEmpty)
            }
        }
    }

    @Test func `what a default limits cannot be made, and says why`() async throws {
        try await Fixture.run(arguments: ["--workspace-default", "tasks-max=100"]) { fixture in
            let code = try await Fixture.code { try await fixture.workspace() }
            #expect(code == "limit_unavailable")
        }
    }

    /// Every figure is null with a reason, and never 0, where the kernel does not count.
    @Test func `figures that cannot be had are null with a reason`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace, "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 1000 & echo ready; wait")
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            let stats = try await fixture.client.stats()
            let shown = try #require(stats.workspaces.first { $0.id == workspace.id })
            let own = try #require(shown.sessions.first { $0.id == session.id })
            for figures in [stats.figures, shown.figures, own.figures] {
                #expect(figures.reason == nil)
                #expect(figures.memory == nil)
                #expect(figures.tasks == nil)
                #expect(figures.io == nil)
                #expect((figures.cpu?.usageUsec ?? 0) > 0, "this the kernel counts by itself")
                #expect(figures.cpu?.throttledUsec == nil)
                #expect(figures.frozen == false)
                #expect(figures.members == 2)
            }
            for figure in ["memory", "tasks", "io", "cpu.throttled_usec"] {
                #expect(
                    stats.unavailable[figure]?.contains("controller is not") == true, "\(figure): \(stats.unavailable)")
            }
            for figure in [own.figures.cpuPressure, own.figures.memoryPressure, own.figures.ioPressure]
            where figure == nil {
                #expect(stats.unavailable.keys.contains { $0.hasSuffix("_pressure") })
            }
            let load = try await fixture.client.load(sessionsOf: [workspace.id])
            let taken = try #require(load.workspaces.first { $0.id == workspace.id })
            for figures in [load.figures, taken.figures] + taken.sessions.map(\.figures) {
                #expect((figures.cpuUsec ?? 0) > 0)
                #expect(figures.frozen == false)
                #expect(figures.memory == nil && figures.tasks == nil && figures.reason == nil)
            }
            #expect(taken.sessions.map(\.id) == [session.id])
            #expect(Set(load.unavailable.keys).isSuperset(of: ["memory", "tasks"]))
            let folded = try await fixture.client.load(sessionsOf: [])
            #expect(folded.workspaces.map(\.sessionCount) == [1] && folded.workspaces[0].sessions.isEmpty)
            let one = try await fixture.client.stats(workspace: workspace.id)
            #expect(one.workspaces.map(\.id) == [workspace.id])
            #expect(
                try await Fixture.code { try await fixture.client.stats(workspace: "nosuch") }
                    == "workspace_not_found")
            let reply = try await fixture.client.send(.get, "/metrics")
            let text = String(decoding: reply.body, as: UTF8.self)
            #expect(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(
                text.contains(
                    #"corral_session_cpu_seconds_total{workspace="\#(workspace.id)",session="\#(session.id)"} "#))
            #expect(!text.contains("corral_session_memory_bytes{"))
            #expect(text.contains(#"corral_figure_unavailable{figure="memory"} 1"#))
        }
    }

    @Test func `a workspace in which nothing runs has no figures, and says so`() async throws {
        try await Fixture.run { fixture in
            let place = fixture.directory.path + "/place"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let workspace = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: place)
            ).document
            let stats = try await fixture.client.stats(workspace: workspace.id)
            #expect(stats.workspaces.first?.figures == FiguresDocument(reason: "nothing runs in it"))
        }
    }

    @Test func `the command line shows figures, limits and disk`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            func corral(_ line: String) throws -> String {
                try Shell.run("\(Fixture.program) \(line) --socket \(fixture.host.place.socket)")
            }
            let table = try corral("stats")
            #expect(table.contains("WORKSPACE") && table.contains("memory not known: the memory controller is not"))
            #expect(try corral("stats \(workspace.id) --json").contains(#""memory":null"#))
            #expect(try corral("workspace limit \(workspace.id)").contains("memory-max"))
            #expect(try corral("session limit \(session.id) --tasks-max infinity").contains("tasks-max"))
            #expect(try corral("workspace disk \(workspace.id)").contains(" entries"))
            let refused = try Shell.run(
                "\(Fixture.program) workspace limit \(workspace.id) --memory-max 1G --socket \(fixture.host.place.socket) 2>&1 || echo $?"
            )
            #expect(refused.contains("Delegate=") || refused.contains("not there for systemd"))
            #expect(refused.hasSuffix("1\n"))
        }
    }
}
