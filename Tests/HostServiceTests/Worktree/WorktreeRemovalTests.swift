import CgroupPty
import Glibc
import Testing

@testable import HostService

@Suite struct `The removal of a worktree` {
    let fixture: GitFixture
    private var removal: WorktreeRemoval { fixture.removal }
    private var common: String { fixture.app + "/.git" }

    init() throws { fixture = try GitFixture() }

    private func move(_ path: String, _ identity: FileIdentity) throws -> (WorktreeRemoval.MoveOutcome, TrashName) {
        let name = TrashName(workspace: "w1aaaa", inode: identity.inode)
        return (try removal.moveAside(path, identity: identity, to: name), name)
    }

    private func registered() throws -> String {
        try fixture.sh("git worktree list --porcelain | sed -n 's/^worktree //p'", in: fixture.app)
    }

    @Test func `takes the directory and one registration, and nothing else`() async throws {
        let path = try await fixture.worktree()
        let other = try await fixture.worktree("w2bbbb")
        let away = try await fixture.worktree("w3cccc")
        try fixture.sh("rm -rf '\(away)'")
        let (outcome, name) = try move(path, try fixture.identity(path))
        #expect(outcome == .movedAside)
        #expect(try !fixture.exists(path))
        #expect(try fixture.exists(fixture.managedRoot + "/.trash/\(name)/a.txt"))
        #expect(try removal.unregister(path, commonDirectory: common, trashName: name, force: false) == .removed)
        // Not a prune: the one whose directory is only away stays.
        #expect(try registered() == "\(fixture.app)\n\(other)\n\(away)")
        #expect(try removal.trashNames() == [name])
        guard case .deleted(let report) = try removal.deleteTrash(name) else {
            Issue.record("all of it can be deleted")
            return
        }
        #expect(report.files == 4)
        #expect(try fixture.sh("ls -A '\(fixture.managedRoot)/.trash'").isEmpty)
        #expect(try fixture.sh("ls -A .git/worktrees", in: fixture.app) == "w2bbbb\nw3cccc")
        #expect(try fixture.sh("git rev-parse --verify w1aaaa", in: fixture.app).count == 40, "the branch stays")
        #expect(try fixture.sh("git status --porcelain && git fsck 2>&1", in: other).isEmpty)
    }

    @Test func `can be repeated at every step`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        let name = TrashName(workspace: "w1aaaa", inode: identity.inode)
        for _ in 1...3 {
            #expect(try removal.moveAside(path, identity: identity, to: name) == .movedAside)
        }
        #expect(try removal.unregister(path, commonDirectory: common, trashName: name, force: false) == .removed)
        for _ in 1...2 {
            #expect(try removal.unregister(path, commonDirectory: common, trashName: name, force: false) == .absent)
        }
        guard case .deleted = try removal.deleteTrash(name) else {
            Issue.record("all of it can be deleted")
            return
        }
        #expect(try removal.deleteTrash(name) == .absent)
        #expect(try removal.unregister(path, commonDirectory: common, trashName: name, force: false) == .absent)
        #expect(try removal.moveAside(path, identity: identity, to: name) == .absent)
        #expect(try removal.identity(of: path) == .absent)
    }

    @Test func `finishes a registration whose removal was cut short`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mv worktrees/w1aaaa corral-removed-1f && rm corral-removed-1f/HEAD", in: common)
        let (_, name) = try move(path, try fixture.identity(path))
        #expect(try removal.unregister(path, commonDirectory: common, trashName: name, force: false) == .absent)
        #expect(try fixture.sh("ls | grep -c corral || true", in: common) == "0")
    }

    @Test func `refuses another directory than the recorded one`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        let other = FileIdentity(device: identity.device, inode: identity.inode + 1)
        #expect(try move(path, other).0 == .refused(.identityDiffers(recorded: other, found: identity)))
        let elsewhere = FileIdentity(device: identity.device + 1, inode: identity.inode)
        #expect(try move(path, elsewhere).0 == .refused(.identityDiffers(recorded: elsewhere, found: identity)))
        #expect(try fixture.exists(path + "/a.txt"))
        let name = TrashName(workspace: "w1aaaa", inode: identity.inode)
        #expect(
            try removal.moveAside(path, identity: elsewhere, to: name, isOfThisBoot: false) == .movedAside,
            "device numbers do not outlast a boot")
    }

    @Test func `leaves the files behind a link that took its place`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        try fixture.sh(
            "mkdir victim && touch victim/precious && mv '\(path)' aside && ln -s '\(fixture.root)/victim' '\(path)'")
        #expect(try move(path, identity).0 == .refused(.symbolicLink))
        #expect(try removal.identity(of: path) == .refused(.symbolicLink))
        #expect(try fixture.sh("ls victim") == "precious")
        // The same with a link on the way, behind which the very same inode lies.
        let parent = ByteString(path).directory.description
        try fixture.sh(
            "rm '\(path)' && mv aside '\(path)' && mv '\(parent)' elsewhere && ln -s ../elsewhere '\(parent)'")
        #expect(try move(path, identity).0 == .refused(.symbolicLink))
        #expect(try fixture.exists(path + "/a.txt"))
    }

    @Test func `refuses what is no directory and what is not below the root`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        try fixture.sh("mkdir '\(fixture.managedRoot)/.trash' && mkdir '\(fixture.managedRoot)/.trash/x'")
        for outside in [
            fixture.app, fixture.managedRoot, fixture.managedRoot + "/", fixture.managedRoot + "/../app",
            fixture.managedRoot + "2/x", fixture.managedRoot + "/.trash/x", fixture.managedRoot + "/a//b", "relative",
            "",
        ] {
            #expect(try move(outside, identity).0 == .refused(.outsideRoot), "\(outside)")
        }
        try fixture.sh("mv '\(path)' aside && touch '\(path)'")
        #expect(try move(path, identity).0 == .refused(.notADirectory))
        #expect(try move(path + "/below", identity).0 == .refused(.notADirectory))
    }

    @Test func `takes a missing directory for absent only below a root that is there`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        try fixture.sh("rm -rf '\(path)'")
        #expect(try move(path, identity).0 == .absent)
        try fixture.sh("mv worktrees away")
        #expect(throws: SystemCallFailure(call: "open", subject: fixture.managedRoot, errno: ENOENT)) {
            try move(path, identity)
        }
    }

    @Test func `does not follow a link in place of the trash`() async throws {
        let path = try await fixture.worktree()
        try fixture.sh("mkdir victim && ln -s ../victim worktrees/.trash")
        #expect(throws: SystemCallFailure(call: "openat2", subject: ".trash", errno: ELOOP)) {
            try move(path, try fixture.identity(path))
        }
        #expect(try fixture.exists(path + "/a.txt"))
    }

    @Test func `keeps a name in the trash that another directory has`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        let name = TrashName(workspace: "w1aaaa", inode: identity.inode)
        try fixture.sh("mkdir -p 'worktrees/.trash/\(name)/precious'")
        guard case .refused(.trashNameTaken) = try removal.moveAside(path, identity: identity, to: name) else {
            Issue.record("the name is taken")
            return
        }
        guard case .refused(.trashNameTaken) = try removal.deleteTrash(name) else {
            Issue.record("it is not what was moved")
            return
        }
        #expect(try fixture.exists(fixture.managedRoot + "/.trash/\(name)/precious"))
        #expect(try fixture.exists(path))
    }

    @Test func `moves a directory that its owner has closed`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        try fixture.sh("chmod 500 src && chmod 0 .", in: path)
        let (outcome, name) = try move(path, identity)
        #expect(outcome == .movedAside)
        guard case .deleted = try removal.deleteTrash(name) else {
            Issue.record("its owner may open it again")
            return
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to mount"))
    func `refuses a worktree with a mount in it or on it`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        for target in ["\(path)/src", path] {
            try fixture.sh("mkdir -p victim && touch victim/precious && mount --bind victim '\(target)'")
            defer { #expect(throws: Never.self) { try fixture.sh("umount '\(target)'") } }
            let outcome = try move(path, identity).0
            #expect(outcome == .refused(target == path ? .anotherFileSystem : .mounted([target])))
        }
        try fixture.sh("touch victim.txt && mount --bind victim.txt '\(path)/a.txt'")
        defer { #expect(throws: Never.self) { try fixture.sh("umount '\(path)/a.txt'") } }
        #expect(try move(path, identity).0 == .refused(.mounted([path + "/a.txt"])))
        #expect(try fixture.sh("ls victim") == "precious")
    }

    /// Two directories change places all the time, one of them precious. Whatever the moment, the precious one is not deleted.
    @Test func `never deletes a directory that was put in its place at the last moment`() async throws {
        let path = try await fixture.worktree()
        let identity = try fixture.identity(path)
        let other = ByteString(path).directory.description + "/precious"
        try fixture.sh("mkdir '\(other)' && touch '\(other)/file'")
        let isOver = Locked(false)
        let swapping = Task.detached {
            while !isOver.withLock({ $0 }) {
                rename(path, other + "-between")
                rename(other, path)
                rename(other + "-between", other)
            }
        }
        var names: [TrashName] = []
        var isMoved = false
        for _ in 0..<5000 where !isMoved {
            do throws(SystemCallFailure) {
                let name = TrashName(workspace: "w1aaaa", inode: identity.inode)
                names.append(name)
                isMoved = try removal.moveAside(path, identity: identity, to: name) == .movedAside
            } catch {
                // It was away at the moment of the rename.
                #expect(error.errno == ENOENT)
            }
        }
        isOver.withLock { $0 = true }
        await swapping.value
        for name in names { _ = try removal.deleteTrash(name) }
        #expect(try fixture.sh("find worktrees -name file").hasSuffix("/file"), "the precious one is somewhere")
        #expect(try fixture.sh("find worktrees -name a.txt | wc -l") == (isMoved ? "0" : "1"))
    }
}
