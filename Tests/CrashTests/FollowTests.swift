import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A command that follows a session` {
    /// A workspace, and its directory.
    private static func workspace(of host: ServiceHost) async throws -> (path: String, WorkspaceDocument) {
        let path = host.place.directory.path + "/work"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return (
            path,
            try await host.client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: path)).document
        )
    }

    @Test func `goes on over every crash of the host, each byte once`() async throws {
        try await ServiceHost.run { host in
            let (path, workspace) = try await Self.workspace(of: host)
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

    /// Its input and output are no terminal, so that nothing is shown but what the host sends.
    @Test func `by attaching shows what it had typed printed over every crash, each byte once`() async throws {
        try await ServiceHost.run(arguments: ["--ring-size", "256K"]) { host in
            let (path, workspace) = try await Self.workspace(of: host)
            let session = try await host.client.createSession(
                in: workspace.id, CreateSessionRequest(command: CountedLines.onDemand)
            ).document
            try await SessionReader(host.client, session.id).waitFor("000000099")
            let (keys, shown) = (path + "/keys", path + "/shown")
            try Shell.run("mkfifo '\(keys)'; : >'\(shown)'")
            // Held open for both, or the first one who types would be the last.
            let typing = try #require(FileHandle(forUpdatingAtPath: keys))
            let executor = BlockingExecutor(label: "attach")
            let attached = Task {
                try await executor.run {
                    Result {
                        try Shell.run(
                            "exec '\(Ground.programs)/corral' attach \(session.id) <'\(keys)' >'\(shown)'",
                            environment: ["CORRAL_SOCKET": host.place.socket])
                    }
                }.get()
            }
            func waitUntilShown(_ text: String) async throws {
                let deadline = Deadline.after(.seconds(60))
                while !String(decoding: FileManager.default.contents(atPath: shown) ?? Data(), as: UTF8.self)
                    .contains(text)
                {
                    if deadline.hasPassed { throw RunningHost.Trouble(description: "not shown within 60 s: \(text)") }
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            try await waitUntilShown("000000099")
            for round in 0..<5 as Range<UInt64> {
                try typing.write(contentsOf: Data("2000\n".utf8))
                // In the midst of it: what was typed has arrived, and what it prints has not.
                try await waitUntilShown(CountedLines.text(100 + round * 2000))
                try await host.kill()
                try await waitUntilShown(CountedLines.text(99 + (round + 1) * 2000) + "\r\n")
            }
            try typing.write(contentsOf: Data([4]))
            _ = try await attached.value
            let all = [UInt8](FileManager.default.contents(atPath: shown) ?? Data())
            let numbered = Int(10_000 * CountedLines.lineLength)
            #expect(CountedLines.firstFault(in: Array(all.suffix(numbered)), from: 1100) == nil)
            let picture = String(decoding: all.dropLast(numbered), as: UTF8.self)
            #expect(picture.contains("000000099"))
            #expect(!picture.contains("000000100"), "what came after the picture came once")
        }
    }

    // Symptom: of a paste that was under way while the host was restarted in order 4 to 8 KiB were lost, and now and then a key. Cause: what
    // the socket had taken was thrown away once the host had said that it goes.
    @Test func `passes on each byte of a paste over restarts of the host in order`() async throws {
        try await ServiceHost.run { host in
            let (path, workspace) = try await Self.workspace(of: host)
            let session = try await host.client.createSession(
                in: workspace.id,
                CreateSessionRequest(command: [
                    "/bin/sh", "-c", "stty raw -echo; echo ready; exec head -c 800000 >'\(path)/typed'",
                ])
            ).document
            let terminal = try TerminalProcess(
                ["attach", session.id, "--socket", host.place.socket], program: Ground.programs + "/corral")
            try await terminal.expect("ready")
            try await terminal.expectRaw(true)
            let paste = CountedLines.bytes(from: 0, count: 800_000)
            let restarts = BlockingExecutor(label: "restarts")
            var rest = paste[...]
            for _ in 0..<4 {
                let restart = Task { await restarts.run { Result { try host.restart() } } }
                let end = rest.startIndex + paste.count / 4
                while rest.startIndex < end {
                    try terminal.type(Array(rest.prefix(1000)))
                    rest = rest.dropFirst(1000)
                }
                try await restart.value.get()
            }
            _ = try await host.client.wait(for: WaitRequest(for: .exit, timeout: 60), in: session.id)
            let typed = [UInt8](FileManager.default.contents(atPath: path + "/typed") ?? Data())
            #expect(typed.count == paste.count)
            #expect(CountedLines.firstFault(in: typed, from: 0) == nil)
        }
    }
}
