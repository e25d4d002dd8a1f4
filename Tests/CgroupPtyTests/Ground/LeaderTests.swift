import CgroupPty
import Foundation
import TestSupport
import Testing

extension `Ground truth` {
    @Suite struct `A leader` {
        private static func executable(_ pid: ProcessID) throws -> String {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
        }

        private static func file(at path: String) -> String {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        }

        @Test func `runs nothing of its command before it is released`() async throws {
            try await GroundWorld.run { world in
                let directory = try TemporaryDirectory()
                let mark = directory.path + "/mark"
                let session = try world.park("/bin/sh", ["sh", "-c", "touch \(mark); echo ready; read x"])
                let program = try LeaderProgram.find().path
                // It is parked as soon as it has been started.
                #expect(try Self.executable(session.pid) == Self.file(at: program))
                #expect(try !session.leader.pidfd.hasExited())
                #expect(try session.leader.pidfd.exitStatus() == nil)
                #expect(!FileManager.default.fileExists(atPath: mark))
                #expect(try await session.leader.release(world.monitor, until: GroundWorld.soon) == .executed)
                try await session.read(until: "ready")
                #expect(FileManager.default.fileExists(atPath: mark))
                #expect(try Self.executable(session.pid) != Self.file(at: program))
            }
        }

        @Test func `exits with 125 and executes nothing when its barrier closes (I9)`() async throws {
            try await GroundWorld.run { world in
                let directory = try TemporaryDirectory()
                let mark = directory.path + "/mark"
                let session = try world.park("/usr/bin/touch", ["touch", mark])
                session.leader.abandon()
                #expect(try await session.exitStatus() == .code(125))
                #expect(!FileManager.default.fileExists(atPath: mark))
            }
        }

        @Test func `exits with 125 when its object goes, and when its service is killed (I9)`() async throws {
            try await GroundWorld.run { world in
                // The terminal stays: its end would end the leader as well, by SIGHUP.
                let pair = try PseudoTerminal.open(size: .standard)
                let pidfd: Pidfd
                do {
                    let command = Leader.Command(
                        path: "/bin/true", arguments: ["true"], environment: [], directory: "/")
                    pidfd = try Leader(command, program: .find(), terminal: pair.slave, procfs: world.procfs).pidfd
                }
                #expect(try await pidfd.exitStatus(world.monitor, until: GroundWorld.soon) == .code(125))
                withExtendedLifetime(pair.terminal) {}
            }
            // A service that parks a leader, tells its number and dies by SIGKILL.
            let directory = try TemporaryDirectory()
            let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
                let pair = try PseudoTerminal.open(size: .standard)
                let command = Leader.Command(path: "/bin/true", arguments: ["true"], environment: [], directory: "/")
                let leader = try Leader(command, program: .find(), terminal: pair.slave, procfs: Procfs())
                try FileHandle.standardOutput.write(contentsOf: Data("leader=\(leader.identity)=\n".utf8))
                kill(getpid(), SIGKILL)
                withExtendedLifetime(leader) {}
            }
            withExtendedLifetime(directory) {}
            let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
            let parts = try #require(output.split(separator: "=").dropFirst().first).split(separator: "@")
            let identity = ProcessIdentity(
                pid: try #require(ProcessID(parts[0])), startTicks: try #require(UInt64(parts[1])))
            // Gone already, or going: in any case it goes.
            if let left = try Pidfd.open(identity, in: Procfs()) {
                let monitor = try ReadinessMonitor()
                defer { monitor.stop() }
                #expect(try await left.waitForExit(monitor, until: GroundWorld.soon))
            }
        }

        @Test func `leads a session of its own, and the terminal is its`() async throws {
            try await GroundWorld.run { world in
                let session = try await world.shell("echo ready; read x")
                try await session.read(until: "ready")
                let stat = try #require(try world.procfs.stat(session.pid))
                #expect(stat.identity == session.leader.identity)
                #expect(stat.session == session.pid.rawValue)
                #expect(stat.terminalDevice == session.terminal.device)
                #expect(stat.terminalDevice != 0)
                let other = try await world.shell("echo ready; read x")
                #expect(other.terminal.device != session.terminal.device)
            }
        }

        @Test func `begins with default signals, none blocked, whatever its service does with them`() async throws {
            var ignore = sigaction()
            ignore.__sigaction_handler.sa_handler = SIG_IGN
            var before = sigaction()
            sigaction(SIGUSR2, &ignore, &before)
            defer { sigaction(SIGUSR2, &before, nil) }
            try await GroundWorld.run { world in
                let session = try world.park("/bin/cat", ["cat", "/proc/self/status"])
                #expect(try await session.leader.release(world.monitor, until: GroundWorld.soon) == .executed)
                let status = try await session.readToEnd()
                for name in ["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"] {
                    #expect(status.contains("\(name):\t0000000000000000\n"), "\(name) in \(status)")
                }
                #expect(try await session.exitStatus() == .code(0))
            }
        }

        @Test func `inherits no descriptor, also those that are not close-on-exec (I5)`() async throws {
            try await GroundWorld.run { world in
                var ends: [CInt] = [-1, -1]
                try #require(pipe(&ends) == 0)
                let reader = OwnedFileDescriptor(adopting: ends[0])
                let writer = OwnedFileDescriptor(adopting: ends[1])
                #expect(writer.withRawValue { fcntl($0, F_GETFD) } == 0)
                let session = try world.park("/bin/ls", ["ls", "-l", "/proc/self/fd"])
                try writer.close()
                // Also while it is parked: the pipe ends when the leader has closed its copy.
                #expect(try await world.monitor.wait(for: reader, .hangup, until: GroundWorld.soon) == .ready)
                #expect(try !session.leader.pidfd.hasExited())
                #expect(try await session.leader.release(world.monitor, until: GroundWorld.soon) == .executed)
                let listing = try await session.readToEnd()
                let numbers = listing.split(separator: "\n").compactMap { line -> String? in
                    guard let arrow = line.range(of: " -> ") else { return nil }
                    return line[..<arrow.lowerBound].split(separator: " ").last.map(String.init)
                }
                // 3 is the directory that ls itself reads.
                #expect(numbers == ["0", "1", "2", "3"], "\(listing)")
            }
        }

        @Test func `gets exactly its arguments, its environment and its directory`() async throws {
            try await GroundWorld.run { world in
                let directory = try TemporaryDirectory()
                let session = try world.park(
                    "/bin/sh",
                    ["name", "-c", "printf '<%s>' \"$0\" \"$@\" \"$PWD\"; env; echo end", "a b", "", "*", "ä\n\"'"],
                    environment: ["LINES_OF=a\nb", "EMPTY=", "X=="], directory: directory.path)
                #expect(try await session.leader.release(world.monitor, until: GroundWorld.soon) == .executed)
                let output = try await session.read(until: "end\n")
                #expect(output.hasPrefix("<a b><><*><ä\n\"'><\(directory.path)>"))
                for item in ["LINES_OF=a\nb\n", "EMPTY=\n", "X==\n", "PATH=/usr/bin:/bin\n"] {
                    #expect(output.contains(item))
                }
                #expect(!output.contains("CORRAL_GROUND"))
            }
        }

        @Test func `reports why its command could not be executed, and exits with 127`() async throws {
            try await GroundWorld.run { world in
                let directory = try TemporaryDirectory()
                try Shell.run(
                    "cd \(directory.path); echo x > plain; chmod 644 plain; echo x > binary; chmod 755 binary")
                let cases: [(path: String, directory: String, expected: SystemCallFailure)] = [
                    (
                        "/nowhere/shell", "/",
                        SystemCallFailure(call: "execve", subject: "/nowhere/shell", errno: ENOENT)
                    ),
                    (
                        directory.path + "/plain", "/",
                        SystemCallFailure(call: "execve", subject: directory.path + "/plain", errno: EACCES)
                    ),
                    (directory.path, "/", SystemCallFailure(call: "execve", subject: directory.path, errno: EACCES)),
                    (
                        directory.path + "/binary", "/",
                        SystemCallFailure(call: "execve", subject: directory.path + "/binary", errno: ENOEXEC)
                    ),
                    (
                        "/bin/true", "/nowhere/at",
                        SystemCallFailure(call: "chdir", subject: "/nowhere/at", errno: ENOENT)
                    ),
                    ("/bin/true", "/bin/true", SystemCallFailure(call: "chdir", subject: "/bin/true", errno: ENOTDIR)),
                ]
                for (path, directory, expected) in cases {
                    let session = try world.park(path, ["x"], directory: directory)
                    #expect(
                        try await session.leader.release(world.monitor, until: GroundWorld.soon) == .failed(expected))
                    #expect(try await session.exitStatus() == .code(127))
                }
                #expect("\(cases[0].expected)" == "execve /nowhere/shell: No such file or directory (errno 2)")
            }
        }

        /// Nobody would have learnt of it before the scope was asked for, which systemd refuses for a process that is gone.
        @Test func `whose arguments and environment are too long is refused at once`() async throws {
            try await GroundWorld.run { world in
                let variables = (0..<40).map { "V\($0)=" + String(repeating: "x", count: 100_000) }
                #expect(throws: SystemCallFailure(call: "execve", subject: "/bin/true", errno: E2BIG)) {
                    _ = try world.park("/bin/true", ["true"], environment: variables)
                }
            }
        }

        /// The barrier was a pipe: the write raised SIGPIPE, which ended a service that had not ignored it. systemd ignores it for
        /// its services, so the test does not rely on how it was started.
        @Test func `that was killed while it was parked is reported as gone when it is released`() async throws {
            var byDefault = sigaction()
            var before = sigaction()
            sigaction(SIGPIPE, &byDefault, &before)
            defer { sigaction(SIGPIPE, &before, nil) }
            try await GroundWorld.run { world in
                let session = try world.park("/bin/true", ["true"])
                #expect(try session.leader.pidfd.signal(SIGKILL) == .sent)
                #expect(try await session.exitStatus() == .signal(SIGKILL))
                #expect(
                    try await session.leader.release(world.monitor, until: GroundWorld.soon)
                        == .failed(SystemCallFailure(call: "execve", subject: "/bin/true", errno: ESRCH)))
            }
        }

        /// It was parked with every signal blocked: the stop of its scope took systemd's whole timeout.
        @Test(arguments: [SIGHUP, SIGTERM, SIGINT]) func `ends by the first signal also while it is parked`(
            number: CInt
        ) async throws {
            try await GroundWorld.run { world in
                let session = try world.park("/bin/true", ["true"])
                #expect(try session.leader.pidfd.signal(number) == .sent)
                #expect(try await session.exitStatus() == .signal(number))
            }
        }

        @Test func `tells how it ended, by code or by signal`() async throws {
            try await GroundWorld.run { world in
                for code in [0, 1, 42, 255] as [Int32] {
                    let session = try await world.shell("exit \(code)")
                    #expect(try await session.exitStatus() == .code(code))
                }
                for number in [SIGTERM, SIGKILL, SIGSEGV, SIGHUP] {
                    let session = try await world.shell("kill -\(number) $$")
                    #expect(try await session.exitStatus() == .signal(number))
                }
            }
        }

        /// Nobody else can collect our child: each failed start left a zombie behind.
        @Test func `that cannot be recognised is ended and collected`() async throws {
            let directory = try TemporaryDirectory()
            let pair = try PseudoTerminal.open(size: .standard)
            let command = Leader.Command(path: "/bin/true", arguments: ["true"], environment: [], directory: "/")
            let failure = #expect(throws: SystemCallFailure.self) {
                _ = try Leader(command, program: .find(), terminal: pair.slave, procfs: Procfs(root: directory.path))
            }
            let path = try #require(failure?.subject)
            #expect(failure == SystemCallFailure(call: "read", subject: path, errno: ESRCH))
            let pid = try #require(path.dropFirst(directory.path.count).split(separator: "/").first)
            #expect(try Procfs().stat(#require(ProcessID(pid))) == nil)
        }

        @Test func `leaves no descriptor behind (I5)`() async throws {
            try await GroundWorld.run { world in
                let pinned = try world.park("/bin/true", ["true"])
                // The counter sees one leak.
                #expect(try DescriptorCount.pinning(pinned.pid) == 1)
                let second = try #require(try Pidfd.open(pinned.pid))
                #expect(try DescriptorCount.pinning(pinned.pid) == 2)
                withExtendedLifetime(second) {}

                let pair = try PseudoTerminal.open(size: .standard)
                let command = Leader.Command(path: "/bin/true", arguments: ["true"], environment: [], directory: "/")
                let before = try DescriptorCount.all()
                var leaked = try (0..<600).map { _ in try pair.slave.duplicate().release() }
                #expect(try DescriptorCount.all() - before > 300)
                for raw in leaked { close(raw) }
                leaked = []
                for _ in 0..<200 {
                    let leader = try Leader(command, program: .find(), terminal: pair.slave, procfs: world.procfs)
                    leader.abandon()
                    #expect(try await leader.pidfd.exitStatus(world.monitor, until: GroundWorld.soon) != nil)
                }
                // 200 leaders with 3 descriptors each; other tests come and go meanwhile.
                #expect(try DescriptorCount.all() - before < 300)
            }
        }
    }
}
