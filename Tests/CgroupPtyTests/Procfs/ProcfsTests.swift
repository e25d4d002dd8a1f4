import CgroupPty
import Foundation
import TestSupport
import Testing

@Suite struct `The process file system` {
    /// A directory that looks like procfs.
    private struct Sample {
        let directory: TemporaryDirectory
        var procfs: Procfs { Procfs(root: directory.path) }

        init() throws { directory = try TemporaryDirectory() }

        func write(_ text: String, to path: String) throws {
            let whole = URL(fileURLWithPath: directory.path + "/" + path)
            try FileManager.default.createDirectory(
                at: whole.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: whole)
        }
    }

    @Test func `shows this very process`() throws {
        let procfs = Procfs()
        let own = ProcessID(getpid())
        let stat = try #require(try procfs.stat(own))
        #expect(stat.pid == own)
        #expect(stat.parent == getppid())
        #expect(stat.session == getsid(0))
        #expect(try procfs.processes().contains(own))
        #expect(try procfs.userID(own) == getuid())
        #expect(try procfs.environment(own)?["PATH"] == ProcessInfo.processInfo.environment["PATH"])
        #expect(try procfs.cgroup(own) != nil)
    }

    @Test func `says of a process that is gone that it is gone`() throws {
        let procfs = try Sample().procfs
        let pid = ProcessID(7)
        #expect(try procfs.stat(pid) == nil)
        #expect(try procfs.cgroup(pid) == nil)
        #expect(try procfs.environment(pid) == nil)
        #expect(try procfs.userID(pid) == nil)
        #expect(procfs.waitChannel(pid) == nil)
    }

    @Test func `lists numbers only`() throws {
        let sample = try Sample()
        for name in ["1/x", "4711/x", "self/x", "sys/x", "0/x", "+3/x", "007/x"] { try sample.write("", to: name) }
        #expect(try sample.procfs.processes().map(\.rawValue).sorted() == [1, 4711])
    }

    @Test func `does not take an unreadable line for a process that is gone (I3)`() throws {
        let sample = try Sample()
        try sample.write("7 (x", to: "7/stat")
        #expect(throws: SystemCallFailure(call: "read", subject: "\(sample.directory.path)/7/stat", errno: EBADMSG)) {
            try sample.procfs.stat(ProcessID(7))
        }
    }

    @Test func `does not take a refusal for a process that is gone (I3)`() throws {
        let sample = try Sample()
        try Shell.run("mkdir -p \(sample.directory.path)/7/stat \(sample.directory.path)/7/cgroup")
        #expect(throws: SystemCallFailure.self) { try sample.procfs.stat(ProcessID(7)) }
        #expect(throws: SystemCallFailure.self) { try sample.procfs.cgroup(ProcessID(7)) }
    }

    @Test(arguments: [("S", false), ("R", false), ("T", false), ("D", false), ("Z", true), ("X", true)])
    func `takes a cgroup for removed only when the process is dead (I3)`(state: String, isRemoved: Bool) throws {
        let sample = try Sample()
        try sample.write("0::/a/x (deleted)\n", to: "7/cgroup")
        try sample.write("7 (x) \(state) 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", to: "7/stat")
        let expected: ProcessCgroup = isRemoved ? .removed : .path(CgroupPath(components: ["a", "x (deleted)"]))
        #expect(try sample.procfs.cgroup(ProcessID(7)) == expected)
    }

    @Test func `takes a cgroup for removed when the process is gone meanwhile`() throws {
        let sample = try Sample()
        try sample.write("0::/a/x (deleted)\n", to: "7/cgroup")
        #expect(try sample.procfs.cgroup(ProcessID(7)) == .removed)
    }

    @Test(arguments: [("do_wait", "do_wait"), ("0", nil), ("", nil)] as [(String, String?)])
    func `tells what a process waits in, if the kernel says`(content: String, expected: String?) throws {
        let sample = try Sample()
        try sample.write(content, to: "7/wchan")
        #expect(sample.procfs.waitChannel(ProcessID(7)) == expected)
    }

    @Test func `tells boots, machines and namespaces apart`() throws {
        let boot = try BootIdentity.bootID()
        #expect(boot.count == 36)
        #expect(try BootIdentity.bootID() == boot)
        #expect(try BootIdentity.cgroupNamespace() > 0)
    }

    @Test(
        .enabled(
            if: FileManager.default.contents(atPath: "/etc/machine-id").map { $0.count > 32 } ?? false,
            "no machine id here"))
    func `reads the machine's id`() throws {
        #expect(try BootIdentity.machineID().count == 32)
    }
}
