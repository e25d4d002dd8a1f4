import Foundation
import TestSupport
import Testing

@testable import CgroupPty

/// On files captured from kernels, in a directory that stands for a cgroup: only what is opened matters here.
@Suite struct `A reader of cgroup files` {
    private func reader(_ text: String) throws -> CgroupFileReader {
        let directory = try TemporaryDirectory()
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/file"))
        var reader = CgroupFileReader(capacity: 4096)
        let outcome = try reader.read("file", of: .standIn(directory.path))
        #expect(outcome == .read)
        return reader
    }

    @Test func `finds numbers by their keys, and only whole keys at the beginning of a line`() throws {
        let file = try reader("usage_usec 123\nuser_usec 45\nsystem_usec 6\nnr_periods 0\nthrottled_usec 7\n")
        #expect(file.number("usage_usec") == 123)
        #expect(file.number("throttled_usec") == 7)
        #expect(file.number("usec") == nil)
        #expect(file.number("usage") == nil)
        #expect(file.number("nr_throttled") == nil)
    }

    @Test func `finds a number alone, and none in max`() throws {
        #expect(try reader("4096\n").number == 4096)
        #expect(try reader("max\n").number == nil)
        #expect(try reader("").number == nil)
        #expect(try reader("").number("x") == nil)
    }

    @Test func `adds up over disks`() throws {
        let file = try reader(
            """
            259:0 rbytes=1000 wbytes=20 rios=3 wios=4 dbytes=0 dios=0
            8:0 rbytes=1 wbytes=2 rios=1 wios=1 dbytes=900 dios=0

            """)
        #expect(file.sum("rbytes") == 1001)
        #expect(file.sum("wbytes") == 22)
        #expect(file.sum("rios") == 4)
        #expect(file.sum("dbytes") == 900)
        #expect(file.sum("bytes") == 0, "only whole keys")
    }

    @Test func `reads pressure`() throws {
        let file = try reader(
            "some avg10=12.34 avg60=0.05 avg300=100.00 total=5803265736\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
        )
        let some = try #require(file.pressure("some"))
        #expect(some.avg10 == 12.34)
        #expect(some.avg60 == 0.05)
        #expect(some.avg300 == 100)
        #expect(some.total == 5_803_265_736)
        #expect(file.pressure("full")?.total == 7)
        #expect(try reader("some avg10=1.00 avg60=1.00\n").pressure("some") == nil)
        #expect(try reader("some avg10=x avg60=1.00 avg300=0.00 total=7\n").pressure("some") == nil)
        #expect(try reader("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n").pressure("full") == nil)
    }

    @Test func `says what is not there`() throws {
        let directory = try TemporaryDirectory()
        let place = try CgroupDirectory.standIn(directory.path)
        var reader = CgroupFileReader()
        let outcomes = [reader.read("nothing", of: place), reader.lines(of: "nothing", of: place).outcome]
        #expect(outcomes == [.absent, .absent])
    }

    @Test func `counts the lines of a file that is longer than its memory`() throws {
        let directory = try TemporaryDirectory()
        try Data(String(repeating: "123456\n", count: 5000).utf8).write(
            to: URL(fileURLWithPath: directory.path + "/file"))
        var reader = CgroupFileReader(capacity: 1024)
        let (outcome, count) = try reader.lines(of: "file", of: .standIn(directory.path))
        #expect(outcome == .read)
        #expect(count == 5000)
    }

    @Test func `counts the processes of a cgroup and below, and goes into none that was counted before`() throws {
        let directory = try TemporaryDirectory()
        for (cgroup, processes) in ["": "1\n2\n", "/scope": "3\n", "/scope/nested": "4\n5\n", "/other": "6\n"] {
            try FileManager.default.createDirectory(
                atPath: directory.path + cgroup, withIntermediateDirectories: true)
            try Data(processes.utf8).write(to: URL(fileURLWithPath: "\(directory.path)\(cgroup)/cgroup.procs"))
        }
        var reader = CgroupFileReader()
        let cgroup = try CgroupDirectory.standIn(directory.path)
        let scope = cgroup.path.appending("scope")
        #expect(try reader.memberCount(of: cgroup) == 6)
        #expect(try reader.memberCount(of: cgroup, known: [scope: 100]) == 103)
        #expect(try reader.memberCount(of: cgroup, known: [scope.appending("nested"): 100]) == 104)
    }
}
