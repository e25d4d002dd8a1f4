import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// What becomes of sessions and deletes when the kernel refuses: a cgroup file system that cannot be written, or no further process.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A refusal of the kernel` {
    @Test(.enabled(if: Ground.isSystem, "only root can mount"))
    func `to write to cgroups leaves the stop to systemd, and a kill by force in doubt until then (I3)`() async throws {
        try await CrashSite.run(preparing: { place in
            let script = "mount -o remount,bind,ro /sys/fs/cgroup && exec \"$@\""
            place.launcher = [
                "/usr/bin/unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-euc", script, "sh",
            ]
        }) { site in
            let host = try await site.start()
            #expect(throws: Shell.Failure.self, "it can be written") {
                try Shell.run("nsenter --target \(host.pidfd.pid) --mount -- mkdir /sys/fs/cgroup/corral-written")
            }
            let workspace = try await site.workspace(host, "one")
            let polite = try await site.survivor(host, workspace)
            #expect(try await host.client.killSession(polite.id).outcome == .confirmed)
            #expect(try site.world.inUnit(polite.unit).isEmpty)

            let forced = try await site.survivor(host, workspace)
            let end = try await host.client.killSession(forced.id, force: true)
            #expect(end.outcome == .unknown, "\(end)")
            #expect(end.detail?.contains("cgroup.kill") == true, "\(end)")
            #expect(end.detail?.contains("Read-only file system") == true, "\(end)")
            try await site.eventually("the reaper asks systemd") {
                _ = try await host.client.reap()
                return try await host.client.session(forced.id).status == .disposed
            }
            #expect(try site.world.inUnit(forced.unit).isEmpty)

            let stubborn = try await host.client.createSession(
                in: workspace.id,
                CreateSessionRequest(
                    command: ["/bin/sh", "-c", "trap '' HUP TERM; echo ready; while :; do sleep 1000; done"])
            ).document
            try await SessionReader(host.client, stubborn.id).waitFor("ready")
            let receipt = try await host.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(timeout: 60))
            #expect(receipt.outcome == .confirmed, "\(receipt)")
            #expect(try site.world.inUnit(workspace.slice).isEmpty)
            try await site.expectAgreement(host)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `to make another process starts no session, and keeps none from being ended (I9)`() async throws {
        try await CrashSite.run { site in
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            let doomed = try await site.survivor(host, workspace)
            let session = try await site.survivor(host, workspace)
            let limit = try ProcessLimit(of: host.pidfd.pid)
            defer { limit.end() }
            try limit.impose()
            let request = CreateSessionRequest(id: "sone", command: ["/bin/sleep", "1000"])
            for id in ["sone", "stwo", "sthree"] {
                var request = request
                request.id = id
                let failure = await #expect(throws: HostClientFailure.self) {
                    try await host.client.createSession(in: workspace.id, request)
                }
                guard case .problem(let problem) = failure else {
                    Issue.record("\(String(describing: failure))")
                    continue
                }
                #expect(problem.code == "start_failed", "\(problem)")
                #expect(problem.detail.contains("Resource temporarily unavailable") == true, "\(problem)")
                #expect(try site.world.tagged("CORRAL_SESSION", id).isEmpty)
            }
            #expect(try await host.client.killSession(doomed.id).outcome == .confirmed)
            #expect(try site.world.inUnit(doomed.unit).isEmpty)
            // Whether it has work in it cannot be asked of git.
            #expect(
                try await ["dirty", "git_failed"].contains(
                    CrashSite.code { try await host.client.deleteWorkspace(workspace.id) }))
            try await site.expectUntouched(host, session)
            #expect(FileManager.default.fileExists(atPath: workspace.path + "/file"))
            try limit.lift()

            let again = try await site.survivor(host, workspace)
            #expect(try site.world.inUnit(again.unit).count == 1)
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, session)
            try await site.expectDeleted(host, workspace)
        }
    }
}

/// Keeps a process from making others: by `RLIMIT_NPROC`, from which root is exempt, or for root by what `TasksMax=` is made of, the
/// controller of pids, in a hierarchy of v1 that leaves the process where it is in v2.
private struct ProcessLimit {
    private let pid: ProcessID
    private let directory: TemporaryDirectory
    private var mount: String { directory.path + "/pids" }
    private var cell: String { "\(mount)/\(URL(fileURLWithPath: directory.path).lastPathComponent)" }

    init(of pid: ProcessID) throws {
        self.pid = pid
        directory = try TemporaryDirectory()
        guard Ground.isSystem else { return }
        do {
            try Shell.run(
                "mkdir '\(mount)'; mount -t cgroup -o pids none '\(mount)'; mkdir '\(cell)'; echo \(pid) > '\(cell)/cgroup.procs'"
            )
        } catch {
            try Test.cancel("the pids controller of cgroup v1 cannot be used: \(error)")
        }
    }

    func impose() throws {
        try Shell.run(Ground.isSystem ? "echo 1 > '\(cell)/pids.max'" : "prlimit --pid \(pid) --nproc=1:")
    }

    func lift() throws {
        try Shell.run(
            Ground.isSystem
                ? "echo max > '\(cell)/pids.max'"
                : "prlimit --pid \(pid) --nproc=$(prlimit --pid \(pid) --nproc --noheadings --output HARD | tr -d ' '):"
        )
    }

    /// Takes the hierarchy away. What the process has made since is in it too.
    func end() {
        guard Ground.isSystem else { return }
        _ = try? Shell.run(
            """
            echo max > '\(cell)/pids.max'
            n=0; until rmdir '\(cell)' 2>/dev/null; do
                for pid in $(cat '\(cell)/cgroup.procs'); do echo "$pid" > '\(mount)/cgroup.procs' 2>/dev/null || true; done
                n=$((n + 1)); [ $n -lt 1000 ]
            done
            umount '\(mount)'
            """)
    }
}
