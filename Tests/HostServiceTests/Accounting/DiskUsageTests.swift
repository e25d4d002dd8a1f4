import CgroupPty
import Foundation
import TestSupport
import Testing

@testable import HostService

@Suite struct `The disk usage of a directory` {
    private func count(_ path: String, _ shouldGoOn: () -> Bool = { true }) -> DiskUsage {
        DiskUsage.count(path, until: .after(.seconds(60)), while: shouldGoOn)
    }

    @Test func `is what du says`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run(
            """
            mkdir -p a/b/c; head -c 100000 /dev/zero > a/b/file; ln a/b/file a/again; ln -s /usr a/link; echo x > a/b/c/small
            """, in: directory.path)
        let expected = try Shell.run("du -s --block-size=1 . | cut -f1; find . | wc -l", in: directory.path)
            .split(separator: "\n").compactMap { Int64($0) }
        let usage = count(directory.path)
        #expect(usage.reason == nil)
        #expect(usage.bytes == expected[0], "a file with two names counts once, and a link is not followed")
        #expect(usage.entries == expected[1] - 1)
    }

    @Test func `that is given up or takes too long says so`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run("mkdir many; cd many; for n in 1 2 3 4 5 6 7 8 9; do echo > $n; done", in: directory.path)
        var left = 5
        let usage = count(directory.path) {
            left -= 1
            return left > 0
        }
        #expect(usage.reason == "the count was given up")
        #expect(usage.entries < 11)
        #expect(DiskUsage.count(directory.path, until: .after(.zero), while: { true }).reason == "it took too long")
        #expect(count(directory.path + "/nothing").reason?.contains("No such file") == true)
    }

    /// Symptom: `corral workspace disk` counted the whole machine. Cause: a link to `/` lay in the place of the directory.
    @Test func `is that of the directory that was meant, and of no other that lies in its place`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run("mkdir meant other; echo > other/file; ln -s other link", in: directory.path)
        let meant = try OwnedFileDescriptor.open(path: directory.path + "/meant", flags: O_RDONLY).identity(
            name: "meant")
        func reason(_ name: String) -> String? {
            DiskUsage.count(
                directory.path + "/" + name, identity: meant, until: .after(.seconds(60)), while: { true }
            ).reason
        }
        #expect(reason("meant") == nil)
        #expect(reason("other")?.contains("another directory") == true)
        #expect(reason("link")?.contains("link") == true)
        #expect(count(directory.path + "/link").entries == 0)
    }

    @Test func `stays out of what lies too deep, and says so`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run("d=.; for n in $(seq 200); do d=$d/d; done; mkdir -p $d", in: directory.path)
        let usage = count(directory.path)
        #expect(usage.reason?.contains("deep") == true)
        #expect(usage.entries > 100)
    }
}
