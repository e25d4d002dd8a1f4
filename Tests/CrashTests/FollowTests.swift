import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A command that follows a session` {
    @Test func `goes on over every crash of the host, each byte once`() async throws {
        try await ServiceHost.run { host in
            let path = host.place.directory.path + "/work"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let workspace = try await host.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: path)
            ).document
            let gate = path + "/gate"
            try Shell.run("mkfifo '\(gate)'")
            let script = """
                for i in $(seq 1 400); do echo line $i; sleep 0.01; done; read x <'\(gate)'; echo the end; exit 7
                """
            let session = try await host.client.createSession(
                in: workspace.id, CreateSessionRequest(command: ["/bin/sh", "-c", script])
            ).document
            let executor = BlockingExecutor(label: "follow")
            @Sendable func corral(_ line: String) async throws -> String {
                try await executor.run {
                    Result {
                        try Shell.run(
                            "'\(Ground.programs)/corral' session \(line)",
                            environment: ["CORRAL_SOCKET": host.place.socket])
                    }
                }.get()
            }
            async let log = corral("logs \(session.id) --follow")
            async let line = corral("wait \(session.id) --output '^the end'")
            async let end = corral("wait \(session.id) --exit")
            for _ in 0..<5 { try await host.kill() }
            #expect(try await corral("wait \(session.id) --output '^line 400$'") == "line 400\n")
            try Shell.run("echo go >'\(gate)'")
            #expect(try await end == "status 7\n")
            #expect(try await line == "the end\n")
            let wanted = (1...400).map { "line \($0)\r\n" }.joined() + "the end\r\n"
            #expect(try await log == wanted)
        }
    }
}
