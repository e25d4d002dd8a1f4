import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// What becomes of sessions and deletes when a user's D-Bus daemon or manager is stopped, started again or executes itself anew
/// under a host that goes on.
@Suite(
    .enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)),
    .enabled(if: Ground.isSystem, "only root can stop another user's manager"), .serialized)
struct `A user's bus or manager` {
    /// A host of another user, in a cgroup outside of the user's manager, and a workspace of it.
    /// - Parameter isByBus: whether the manager's own socket is out of its reach, so that it needs the D-Bus daemon.
    private static func run(
        isByBus: Bool = false, _ body: (CrashSite, OtherUser, RunningHost, WorkspaceDocument) async throws -> Void
    ) async throws {
        let user = try OtherUser()
        defer { user.end() }
        try await CrashSite.run(preparing: { place in
            place.launcher = user.launcher
            place.environment = user.environment
            if isByBus { place.environment["XDG_RUNTIME_DIR"] = place.directory.path + "/nowhere" }
            try Shell.run("mkdir -p work nowhere/systemd", in: place.directory.path)
        }) { site in
            try Shell.run("chown -R \(OtherUser.name): '\(site.place.directory.path)'")
            let host = try await site.start()
            let workspace = try await host.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: site.place.directory.path + "/work")
            ).document
            try await body(site, user, host, workspace)
        }
    }

    /// Units of workspaces of the instance that the user's manager knows. A manager that does not see the drop-in keeps the instance's own slice.
    private static func units(_ site: CrashSite, _ user: OtherUser) throws -> String {
        try user.systemctl("list-units --all --plain --no-legend 'corral-\(site.instance)-*'")
    }

    private static func survivor(_ host: RunningHost, _ workspace: WorkspaceDocument) async throws -> SessionDocument {
        let command = "trap '' HUP TERM; echo ready; while :; do sleep 1000; done"
        let session = try await host.client.createSession(
            in: workspace.id, CreateSessionRequest(command: ["/bin/sh", "-c", command])
        ).document
        try await SessionReader(host.client, session.id).waitFor("ready")
        return session
    }

    @Test(arguments: [false, true])
    func
        `that stops in the middle of a delete, keeps nobody from confirming it, and tidies up when it is back (I2, I10)`(
            isByBus: Bool
        ) async throws
    {
        try await Self.run(isByBus: isByBus) { site, user, host, workspace in
            let session = try await Self.survivor(host, workspace)
            #expect(try !site.world.inUnit(session.unit).isEmpty)
            let receipt = try await site.delete(host, workspace, DeleteWorkspaceOptions(timeout: 60)) {
                try user.systemctl("stop dbus.socket dbus.service")
            }
            #expect(receipt.outcome == .confirmed, "\(receipt)")
            #expect(try site.world.inUnit(session.unit).isEmpty)
            #expect(try site.world.tagged("CORRAL_SESSION", session.id).isEmpty)
            #expect(receipt.warnings.contains { $0.contains("systemd cannot be reached") } == isByBus, "\(receipt)")

            // Another one in the meantime: with the bus alone it cannot be started, and says so.
            let other = try await host.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: site.place.directory.path + "/work")
            ).document
            let request = CreateSessionRequest(command: ["/bin/sleep", "1000"])
            let code = try await CrashSite.code { try await host.client.createSession(in: other.id, request) }
            #expect(code == (isByBus ? "systemd_unreachable" : nil))
            try user.systemctl("start dbus.socket")
            let again = try await Self.survivor(host, other)
            #expect(try !site.world.inUnit(again.unit).isEmpty)
            try await site.expectAgreement(host)
            let last = try await site.deleted(host, other)
            #expect(last.outcome == .confirmed, "\(last)")
            try await site.eventually("the reaper has tidied up: \(try Self.units(site, user))") {
                _ = try await host.client.reap()
                return try Self.units(site, user).isEmpty
            }
            try await host.stop()
            try await site.eventually("nothing is left") {
                try Self.units(site, user).isEmpty && site.world.tagged("CORRAL_INSTANCE", site.instance).isEmpty
            }
        }
    }

    @Test
    func `that is restarted under a host leaves it in doubt, which confirms nothing, until it is started again (I3)`()
        async throws
    {
        try await Self.run { site, user, first, workspace in
            let session = try await Self.survivor(first, workspace)
            // A host that does not see the sessions end one by one before the manager goes.
            try first.pidfd.signal(SIGSTOP)
            try Shell.run("systemctl restart \(user.unit)")
            try first.pidfd.signal(SIGCONT)
            // systemd has ended them; but by what the host holds their absence cannot be proven.
            #expect(try site.world.tagged("CORRAL_SESSION", session.id).isEmpty)
            let end = try await first.client.killSession(session.id)
            #expect(end.outcome == .unknown, "\(end)")
            #expect(end.detail?.isEmpty == false)
            let receipt = try await first.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(timeout: 3))
            #expect(receipt.state == .deleting, "\(receipt)")
            #expect(receipt.outcome == .unknown)
            #expect(receipt.confirmedAt == nil)
            #expect(try await first.client.reap().reaped == 0)
            try await first.kill()

            let host = try await site.start()
            let done = try await site.deleted(host, workspace)
            #expect(done.outcome == .confirmed, "\(done)")
            let other = try await host.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: site.place.directory.path + "/work")
            ).document
            let again = try await Self.survivor(host, other)
            #expect(try !site.world.inUnit(again.unit).isEmpty)
            try await site.expectAgreement(host)
            #expect(try await site.deleted(host, other).outcome == .confirmed)
            try await host.stop()
            try await site.eventually("nothing is left") {
                try Self.units(site, user).isEmpty && site.world.tagged("CORRAL_INSTANCE", site.instance).isEmpty
            }
        }
    }

    /// Has the manager read its files anew and execute itself anew, over and over, until the task is cancelled.
    private static func disturb(_ user: OtherUser, _ rounds: Locked<Int>) async throws {
        while !Task.isCancelled {
            for verb in ["daemon-reload", "daemon-reexec"] {
                // One that meets a manager that is away is none.
                _ = try? user.systemctl(verb)
            }
            rounds.withLock { $0 += 1 }
            await Task.yield()
        }
    }

    @Test func `that executes itself anew all the time starts forty sessions all the same, and ends them (I2, I9)`()
        async throws
    {
        try await Self.run { site, user, host, workspace in
            let rounds = Locked(0)
            let disturbance = Task { try await Self.disturb(user, rounds) }
            let answers = await withTaskGroup(of: (id: String, code: String?).self) { group in
                for number in 0..<40 {
                    group.addTask { [client = host.client] in
                        let request = CreateSessionRequest(
                            id: "sforty\(number)", command: ["/bin/sh", "-c", "trap '' HUP; exec sleep 1000"])
                        do {
                            let code = try await CrashSite.code {
                                try await client.createSession(in: workspace.id, request)
                            }
                            return ("sforty\(number)", code)
                        } catch {
                            return ("sforty\(number)", "\(error)")
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let during = rounds.withLock { $0 }
            #expect(during > 0)
            // A start whose answer got lost is tried again, so all of them come about.
            #expect(answers.filter { $0.code != nil }.isEmpty, "\(answers)")
            for (id, _) in answers {
                let session = try await host.client.session(id)
                #expect(session.status == .active)
                #expect(try site.world.inUnit(session.unit).map { Int($0.rawValue) } == [session.leaderPid])
            }
            try await site.expectAgreement(host)
            let receipt = try await host.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(timeout: 60))
            disturbance.cancel()
            try await disturbance.value
            #expect(rounds.withLock { $0 } > during)
            #expect(receipt.outcome == .confirmed, "\(receipt)")
            #expect(receipt.sessions.count == 40)
            #expect(try site.world.tagged("CORRAL_INSTANCE", site.instance).isEmpty)
            try await site.eventually("the reaper has tidied up: \(try Self.units(site, user))") {
                _ = try await host.client.reap()
                return try Self.units(site, user).isEmpty
            }
            try await host.stop()
        }
    }

    /// Any directory for drop-ins of our slices was taken for the one that has them stopped when they are empty.
    @Test func `for whose slices an administrator has set limits stops them when they are empty`() async throws {
        let directory = "/etc/systemd/user/corral-.slice.d"
        try Shell.run("mkdir -p \(directory); printf '[Slice]\\nTasksMax=5000\\n' >\(directory)/50-limits.conf")
        defer { _ = try? Shell.run("rm -r \(directory)") }
        try await Self.run { site, user, host, workspace in
            let session = try await Self.survivor(host, workspace)
            let slice = "corral-\(try site.instance)-\(workspace.id).slice"
            let shown = try user.systemctl("show --property=StopWhenUnneeded,TasksMax '\(slice)'")
            #expect(shown.contains("StopWhenUnneeded=yes") && shown.contains("TasksMax=5000"), "\(shown)")
            #expect(try await host.client.deleteWorkspace(workspace.id).outcome == .confirmed)
            #expect(try site.world.inUnit(session.unit).isEmpty)
            try await site.eventually("the slice goes away: \(try Self.units(site, user))") {
                try Self.units(site, user).isEmpty
            }
            try await host.stop()
        }
    }
}
