import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// A file system whose server never answers, as sshfs or NFS without its network.
///
/// Regression: the guard of every delete resolved the paths of all other workspaces on Swift's own threads and without a deadline:
/// one workspace that was adopted on such a disk hung the delete of each other one, and soon the whole host.
@Suite(
    .enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)),
    .enabled(if: Ground.isSystem, "only root can mount"), .serialized)
struct `A workspace on a disk that does not answer` {
    /// Mounts a file system over a directory that nobody serves; returns what ends it.
    private func mount(_ place: String, _ fixture: Fixture) async throws -> () throws -> Void {
        let (mark, pid) = (fixture.directory.path + "/mounted", fixture.directory.path + "/mounter")
        let script = """
            import ctypes, os, sys, time
            server = os.open('/dev/fuse', os.O_RDWR)
            libc = ctypes.CDLL(None, use_errno=True)
            options = 'fd=%d,rootmode=40000,user_id=0,group_id=0' % server
            if libc.mount(b'dead', sys.argv[1].encode(), b'fuse', 0, options.encode()):
                raise OSError(ctypes.get_errno(), 'mount')
            open(sys.argv[2], 'w').close()
            time.sleep(1000)
            """
        try Shell.run(
            "test -e /dev/fuse || mknod /dev/fuse c 10 229; printf '%s' \"$SCRIPT\" > mount.py",
            in: fixture.directory.path, environment: ["SCRIPT": script])
        try Shell.launch("python3 '\(fixture.directory.path)/mount.py' '\(place)' '\(mark)'", pidFile: pid)
        try await fixture.eventually("it is mounted", within: .seconds(20)) {
            try Shell.run("test ! -e '\(mark)' || echo yes") == "yes\n"
        }
        return { try Shell.run("kill -9 $(cat '\(pid)') 2>/dev/null || true; umount -l '\(place)' || true") }
    }

    /// The code of the answer; `none` when there was none in a minute.
    private func code(
        _ fixture: Fixture, _ workspace: WorkspaceDocument, _ options: DeleteWorkspaceOptions = DeleteWorkspaceOptions()
    ) async throws -> String {
        try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask {
                try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id, options) } ?? "success"
            }
            group.addTask {
                try await Task.sleep(for: .seconds(60))
                return "none"
            }
            defer { group.cancelAll() }
            return try await group.next() ?? "none"
        }
    }

    @Test func `is waited for with a deadline, and stands in the way of no other one for longer (I8)`() async throws {
        try await Fixture.swept { fixture in
            let place = fixture.directory.path + "/remote"
            // A directory in it: what is mounted itself is known to the kernel, and needs no answer.
            try Shell.run("mkdir -p '\(place)/adopted'")
            let remote = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: place + "/adopted")
            ).document
            let local = try await fixture.workspace("local")
            let unmount = try await mount(place, fixture)
            defer { _ = try? unmount() }
            // Where the other one lies is not known, so neither is whether it would go too (I3).
            #expect(try await code(fixture, local) == "conflict")
            #expect(FileManager.default.fileExists(atPath: local.path + "/file"))
            // Whether it has a teardown script cannot be read.
            #expect(try await code(fixture, remote) == "kept")
            #expect(try await fixture.client.workspace(remote.id).state == .active)
            // Nothing of it has to be read to let it go, and then nothing stands in the other one's way.
            let receipt = try await fixture.client.deleteWorkspace(
                remote.id, DeleteWorkspaceOptions(teardown: .skip, timeout: 30))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(try await code(fixture, local) == "success")
            try unmount()
        }
    }
}
