import CgroupPty
import Foundation
import TestSupport
import Testing

extension `Ground truth` {
    @Suite struct `A pinned process` {
        @Test func `is recognised by number and start, and by nothing less (I1)`() async throws {
            try await GroundWorld.run { world in
                let session = try await world.shell("echo ready; read x")
                let identity = session.leader.identity
                #expect(try Pidfd.open(identity, in: world.procfs)?.pid == identity.pid)
                let other = ProcessIdentity(pid: identity.pid, startTicks: identity.startTicks + 1)
                #expect(try Pidfd.open(other, in: world.procfs) == nil)
            }
        }

        @Test func `is no other's once it is gone (I1)`() async throws {
            try await GroundWorld.run { world in
                let session = try await world.shell("exit 3")
                let pidfd = session.leader.pidfd
                #expect(try await pidfd.waitForExit(world.monitor, until: GroundWorld.soon))
                // A zombie can be signalled, to no effect.
                #expect(try pidfd.hasExited())
                #expect(try pidfd.signal(SIGKILL) == .sent)
                #expect(try pidfd.exitStatus() == .code(3))
                #expect(try pidfd.signal(SIGKILL) == .gone)
                #expect(try pidfd.hasExited())
                #expect(try Pidfd.open(session.leader.identity, in: world.procfs) == nil)
            }
        }

        @Test func `that never was is nothing`() throws {
            // Above the kernel's limit of numbers.
            #expect(try Pidfd.open(ProcessID(Int32.max)) == nil)
        }

        @Test func `is waited for until the deadline`() async throws {
            try await GroundWorld.run { world in
                let session = try await world.shell("read x")
                let pidfd = session.leader.pidfd
                #expect(try await !pidfd.waitForExit(world.monitor, until: .after(.milliseconds(20))))
                #expect(try pidfd.exitStatus() == nil)
                #expect(try await pidfd.exitStatus(world.monitor, until: .after(.milliseconds(20))) == nil)
                try pidfd.signal(SIGTERM)
                #expect(try await pidfd.waitForExit(world.monitor, until: GroundWorld.soon))
                #expect(try pidfd.exitStatus() == .signal(SIGTERM))
            }
        }

        /// Between a process's end and its reaping the kernel does not tell yet; the answer was taken for a final "not known", and
        /// the exit code of nearly every session that ended after a restart of the host was lost.
        @Test(
            .enabled(if: kernelTellsExits, "this kernel does not tell the exit of somebody else's child (Linux 6.15)"))
        func `of somebody else tells how it ended once that one has reaped it`() async throws {
            try await GroundWorld.run { world in
                let session = try await world.shell(
                    """
                    stty -echo; (read x </dev/tty; exit 7) & echo "child=$!="; read y; wait; echo reaped; read z
                    """)
                let output = try await session.read(until: "=\n")
                let number = try #require(output.split(separator: "=").dropFirst().first)
                let pid = try #require(ProcessID(number))
                let child = try #require(try Pidfd.open(pid))
                #expect(try child.exitStatus() == nil)
                // Its parent's shell is in the foreground as well and may read the line: type until the child has it.
                try child.signal(SIGTERM)
                #expect(try await child.waitForExit(world.monitor, until: GroundWorld.soon))
                // Not told yet, or told already, if the shell was quick to reap it; but never taken for not known.
                let early = try child.exitStatus()
                #expect(early == nil || early == .signal(SIGTERM))
                async let status = child.exitStatus(world.monitor, until: GroundWorld.soon)
                try session.type("\n")
                #expect(try await status == .signal(SIGTERM))
                #expect(try child.exitStatus() == .signal(SIGTERM))
            }
        }

        private static let kernelTellsExits: Bool = {
            var name = utsname()
            uname(&name)
            let release = withUnsafePointer(to: &name.release) {
                $0.withMemoryRebound(to: CChar.self, capacity: 65) { String(cString: $0) }
            }
            let numbers = release.split { !$0.isNumber }.compactMap { Int($0) }
            return numbers.count > 1 && (numbers[0], numbers[1]) >= (6, 15)
        }()
    }
}
