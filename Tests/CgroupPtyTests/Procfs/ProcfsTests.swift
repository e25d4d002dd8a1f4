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

    /// Symptom: such a process was shown with no environment, no open files and no sockets, or taken for dead.
    @Test func `shows what a process has whose main thread has ended`() async throws {
        let directory = try TemporaryDirectory()
        let (script, gate) = (directory.path + "/headless.py", directory.path + "/gate")
        let source = """
            import ctypes, os, socket, sys, threading
            listener = socket.create_server(("127.0.0.1", 0))
            def rest():
                print(os.getpid(), flush=True)
                open(sys.argv[1]).read()
                os._exit(0)
            threading.Thread(target=rest).start()
            ctypes.CDLL(None).syscall({"x86_64": 60}.get(os.uname().machine, 93), 0)
            """
        try Data(source.utf8).write(to: URL(fileURLWithPath: script))
        let out = directory.path + "/out"
        try Shell.run("mkfifo '\(gate)'; TAG=headless python3 '\(script)' '\(gate)' >'\(out)' 2>&1 &")
        defer { _ = try? Shell.run("timeout 10 sh -c ': >\(gate)'") }
        let procfs = Procfs()
        let deadline = Deadline.after(.seconds(60))
        var found: ProcessStat?
        while found?.hasLostMainThread != true, !deadline.hasPassed {
            try await Task.sleep(for: .milliseconds(2))
            let text = try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n").first
            found = try text.flatMap { Int32($0) }.flatMap { try procfs.stat(ProcessID($0)) }
        }
        let stat = try #require(found, "it did not come")
        #expect(stat.hasLostMainThread && !stat.hasEnded && stat.threads == 2)
        let thread = try #require(try procfs.livingThread(of: stat.pid))
        #expect(thread != stat.pid)
        #expect(try procfs.environment(stat.pid)?["TAG"] == "headless")
        #expect(try procfs.link(stat.pid, "cwd") == "/")
        let inodes = try #require(try procfs.socketInodes(stat.pid))
        #expect(try procfs.boundSockets(seenBy: stat.pid)?.contains { inodes.contains($0.inode) } == true)
        #expect(try procfs.cgroup(stat.pid) == procfs.cgroup(ProcessID(getpid())))
        var descriptors = 100
        #expect(procfs.openFile(stat.pid, descriptors: &descriptors) { $0 == out } == out)
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

    private static let header =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    private static let rest = "00000000:00000000 00:00000000 00000000 0 0"

    @Test func `shows what this very process listens at, by the socket's inode`() throws {
        let listener = try #require(Listener())
        defer { close(listener.descriptor) }
        let (procfs, own) = (Procfs(), ProcessID(getpid()))
        var status = stat()
        #expect(fstat(listener.descriptor, &status) == 0)
        let socket = BoundSocket(
            transport: .tcp, address: "127.0.0.1", port: listener.port, inode: UInt64(status.st_ino))
        #expect(try procfs.boundSockets(seenBy: own)?.contains(socket) == true)
        #expect(try procfs.socketInodes(own)?.contains(socket.inode) == true)
        #expect(try procfs.networkNamespace(own) ?? 0 > 0)
    }

    /// A socket of this process that listens at a port of the kernel's choice.
    private struct Listener {
        let descriptor: CInt
        let port: UInt16

        init?() {
            descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let answer = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) + listen(descriptor, 1) + getsockname(descriptor, $0, &length)
                }
            }
            guard descriptor >= 0, answer == 0 else { return nil }
            port = UInt16(bigEndian: address.sin_port)
        }
    }

    @Test func `reads no connection of a busy machine to find what listens, and every socket of UDP`() throws {
        let sample = try Sample()
        let listening = "0: 0100007F:0BB8 00000000:0000 0A \(Self.rest) 9 1\n"
        let connected = "1: 0100007F:0BB8 0100007F:0001 01 \(Self.rest) 10 1\n"
        // What comes after the first connection is not looked at: it could be of any length.
        try sample.write(Self.header + listening + connected + "garbage\n", to: "7/net/tcp")
        try sample.write(Self.header, to: "7/net/tcp6")
        let bound = "1: 00000000:0035 00000000:0000 07 \(Self.rest) 11 1\n"
        try sample.write(Self.header + connected + bound, to: "7/net/udp")
        let sockets = try #require(try sample.procfs.boundSockets(seenBy: ProcessID(7)))
        #expect(sockets.map(\.inode) == [9, 11])
    }

    @Test func `does not take a socket table that it cannot read for an empty one (I3)`() throws {
        for content in ["", Self.header + "garbage\n", Self.header + "0: 0100007F:0BB8", "x"] {
            let sample = try Sample()
            try sample.write(content, to: "7/net/tcp")
            #expect(throws: SystemCallFailure(call: "read", subject: "\(sample.procfs.root)/7/net/tcp", errno: EBADMSG))
            {
                try sample.procfs.boundSockets(seenBy: ProcessID(7))
            }
        }
        let nothing = try Sample()
        #expect(try nothing.procfs.boundSockets(seenBy: ProcessID(7)) == nil, "the process is gone")
        #expect(try nothing.procfs.socketInodes(ProcessID(7)) == nil)
        #expect(try nothing.procfs.networkNamespace(ProcessID(7)) == nil)
    }
}
