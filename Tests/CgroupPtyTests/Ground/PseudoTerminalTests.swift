import CgroupPty
import Foundation
import TestSupport
import Testing

extension `Ground truth` {
    @Suite struct `A pseudo-terminal` {
        @Test func `has the size it was asked for, and tells of a change`() async throws {
            try await GroundWorld.run { world in
                let size = try #require(WindowSize(columns: 97, rows: 31))
                let session = try world.park(
                    "/bin/sh",
                    ["sh", "-c", "trap 'stty size; exit' WINCH; stty size; echo ready; while :; do read x; done"],
                    size: size)
                #expect(try await session.leader.release(world.monitor, until: GroundWorld.soon) == .executed)
                #expect(try await session.read(until: "ready").contains("31 97\n"))
                try session.terminal.resize(to: #require(WindowSize(columns: 1000, rows: 1)))
                #expect(try await session.readToEnd().contains("1 1000\n"))
            }
        }

        @Test func `begins in canonical mode with UTF-8 erase and echo`() async throws {
            try await GroundWorld.run { world in
                let settings = try await world.shell("stty -a").readToEnd()
                let words = settings.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.map(String.init)
                for setting in ["iutf8", "icanon", "echo", "isig"] { #expect(words.contains(setting), "\(settings)") }
            }
        }

        @Test func `carries bytes both ways`() async throws {
            try await GroundWorld.run { world in
                let session = try await world.shell("stty -echo; echo ready; read x; echo \"<$x>\"")
                try await session.read(until: "ready\n")
                try session.type("häuser\n")
                try await session.read(until: "<häuser>")
            }
        }

        @Test func `hangs its session up when the last master is closed (I5)`() async throws {
            try await GroundWorld.run { world in
                let pidfd: Pidfd
                do {
                    let session = try await world.shell("echo ready; while :; do sleep 1000; done")
                    try await session.read(until: "ready")
                    pidfd = session.leader.pidfd
                    world.forget(session)
                }
                #expect(try await pidfd.exitStatus(world.monitor, until: GroundWorld.soon) == .signal(SIGHUP))
            }
        }

        @Test func `is close-on-exec at both ends`() throws {
            let pair = try PseudoTerminal.open(size: .standard)
            #expect(pair.slave.withRawValue { fcntl($0, F_GETFD) } == FD_CLOEXEC)
            #expect(try pair.terminal.duplicateMaster().withRawValue { fcntl($0, F_GETFD) } == FD_CLOEXEC)
        }
    }
}
