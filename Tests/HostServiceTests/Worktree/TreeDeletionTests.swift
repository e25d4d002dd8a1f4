import CgroupPty
import Glibc
import Testing

@testable import HostService

@Suite struct `The deletion of a tree` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    private func root() throws -> OwnedFileDescriptor {
        try OwnedFileDescriptor.open(path: fixture.root, flags: O_RDONLY | O_DIRECTORY)
    }

    private func delete(
        _ name: ByteString = "tree", while shouldGoOn: () -> Bool = { true }
    ) throws -> TreeDeletion.Outcome {
        try TreeDeletion.delete(name, in: root(), inode: nil, label: name.description, while: shouldGoOn)
    }

    /// What a deletion that came through did.
    private func deleted(_ outcome: TreeDeletion.Outcome) throws -> DeletionReport {
        guard case .deleted(let report) = outcome else { throw GitFixture.CommandFailed(description: "\(outcome)") }
        return report
    }

    @Test func `removes three thousand files and counts them`() throws {
        try fixture.sh(
            """
            mkdir tree && cd tree
            for d in 1 2 3 4 5 6 7 8 9 10; do mkdir -p $d/sub; (cd $d/sub && seq -f 'f%g' 300 | xargs touch); done
            """)
        let report = try deleted(delete())
        #expect(report.files == 3000)
        #expect(report.directories == 21)
        #expect(report.failureCount == 0 && !report.wasStopped)
        #expect(try !fixture.exists(fixture.root + "/tree"))
        #expect(try delete() == .absent)
    }

    @Test func `follows no link`() throws {
        try fixture.sh(
            """
            mkdir tree victim && touch victim/file && ln -s ../victim tree/relative && ln -s "$PWD/victim" tree/absolute
            ln -s ../victim/file tree/file && ln -s nowhere tree/dangling && ln victim/file tree/hard && mkfifo tree/fifo
            """)
        #expect(try deleted(delete()).files == 6)
        #expect(try fixture.sh("ls victim") == "file")
    }

    @Test func `does not start at a link`() throws {
        try fixture.sh("mkdir victim && touch victim/file && ln -s victim tree")
        #expect(throws: SystemCallFailure(call: "openat2", subject: "tree", errno: ELOOP)) { try delete() }
        #expect(try fixture.sh("ls victim") == "file")
    }

    @Test func `works on bytes, whatever the names are`() throws {
        let names: [ByteString] = [
            "-rf", "--", "new\nline", " ", "*", "\\", "\"'`$(x)", ByteString(bytes: [0xff, 0xfe, 0x80]),
            ByteString(bytes: [0x63, 0xc3]), ByteString(String(repeating: "x", count: 255)), "corral-deep-1", "...",
        ]
        try fixture.sh("mkdir tree")
        let tree = try root().open("tree", flags: O_RDONLY | O_DIRECTORY)
        try tree.withRawValue { raw in
            for name in names {
                let made = name.withCString { mkdirat(raw, $0, 0o700) }
                try #require(made == 0)
                let inside = name + "/" + name
                let file = inside.withCString { openat(raw, $0, O_CREAT | O_WRONLY, 0o600) }
                try #require(file >= 0)
                close(file)
            }
        }
        let report = try deleted(delete())
        #expect(report.files == names.count)
        #expect(report.directories == names.count + 1)
    }

    @Test func `opens directories that their owner has closed`() throws {
        try fixture.sh(
            """
            mkdir -p tree/unwritable/sub tree/unreadable/sub tree/closed/sub
            touch tree/unwritable/sub/f tree/unwritable/f tree/unreadable/f tree/closed/f
            chmod 500 tree/unwritable/sub tree/unwritable && chmod 300 tree/unreadable && chmod 0 tree/closed/sub tree/closed
            chmod 400 tree
            """)
        let report = try deleted(delete())
        #expect(report.files == 4 && report.directories == 7)
    }

    @Test func `needs neither memory nor descriptors for depth`() throws {
        let depth = 3000
        try fixture.sh("mkdir tree")
        var directory = try root().open("tree", flags: O_RDONLY | O_DIRECTORY)
        for _ in 0..<depth {
            // Twice PATH_MAX in all, so that no path could name the deepest.
            _ = try directory.withRawValue { raw in
                try retryingInterrupted("mkdirat", "d") { mkdirat(raw, "d12", 0o700) }
            }
            try directory.withRawValue { raw in
                let file = openat(raw, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
                try #require(file >= 0)
                close(file)
            }
            directory = try directory.open("d12", flags: O_RDONLY | O_DIRECTORY)
        }
        let report = try deleted(delete())
        #expect(report.directories == depth + 1)
        #expect(report.files == depth)
    }

    @Test func `can be stopped and taken up again`() throws {
        try fixture.sh(
            "mkdir -p tree/a tree/b && (cd tree/a && seq 50 | xargs touch) && (cd tree/b && seq 50 | xargs touch)")
        var left = 30
        let outcome = try delete {
            left -= 1
            return left > 0
        }
        guard case .incomplete(let report) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(report.wasStopped)
        #expect((1..<30).contains(report.files))
        #expect(try deleted(delete()).files == 100 - report.files)
    }

    @Test func `refuses a directory of another inode`() throws {
        try fixture.sh("mkdir tree && touch tree/file")
        let identity = try root().open("tree", flags: O_RDONLY).identity(name: "tree")
        let outcome = try TreeDeletion.delete("tree", in: root(), inode: identity.inode + 1, label: "tree") { true }
        #expect(outcome == .refused(.trashNameTaken(found: identity)))
        #expect(try fixture.exists(fixture.root + "/tree/file"))
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to make a file immutable"))
    func `goes on past what it cannot remove, and says what that was`() throws {
        try fixture.sh(
            "mkdir -p tree/a tree/b tree/c && touch tree/a/x tree/b/kept tree/b/y tree/c/z && chattr +i tree/b/kept")
        defer { #expect(throws: Never.self) { try fixture.sh("test ! -e tree/b/kept || chattr -i tree/b/kept") } }
        guard case .incomplete(let report) = try delete() else {
            Issue.record("an immutable file cannot be removed")
            return
        }
        #expect(report.failureCount == 1)
        #expect(report.failures == ["unlink tree/b/kept: Operation not permitted (errno 1)"])
        #expect(try fixture.sh("find tree | sort") == "tree\ntree/b\ntree/b/kept")
        try fixture.sh("chattr -i tree/b/kept")
        #expect(try deleted(delete()).files == 1)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to mount"))
    func `crosses no mount, not even one of the same file system`() throws {
        try fixture.sh(
            "mkdir -p tree/a/mount tree/b victim && touch victim/file tree/a/x tree/b/y && mount --bind victim tree/a/mount"
        )
        defer { #expect(throws: Never.self) { try fixture.sh("! mountpoint -q tree/a/mount || umount tree/a/mount") } }
        guard case .incomplete(let report) = try delete() else {
            Issue.record("a mount point cannot be removed")
            return
        }
        #expect(report.failures == ["openat2 tree/a/mount: Invalid cross-device link (errno 18)"])
        #expect(try fixture.sh("ls victim") == "file")
        #expect(try fixture.sh("find tree -xdev | sort") == "tree\ntree/a\ntree/a/mount\ntree/a/mount/file")
        try fixture.sh("umount tree/a/mount")
        _ = try deleted(delete())
        #expect(try fixture.sh("ls victim") == "file")
    }
}
