import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// `corral attach` on terminals of its own whose other side does not keep up.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized, .timeLimit(.minutes(3)))
struct `A client whose session or terminal is busy` {
    private static func attach(_ fixture: Fixture, _ session: String) throws -> TerminalProcess {
        try TerminalProcess(
            ["attach", session, "--socket", fixture.host.place.socket], program: Ground.programs + "/corral")
    }

    // Symptom: of the keys that were typed at a slow terminal while its session flooded most were lost. Cause: its client was cut as too slow and
    // not heard any more; it typed into the dead connection, and threw away what that did not take.
    @Test func `passes on each key once while the session floods a terminal that is slow`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let keys = fixture.host.place.directory.path + "/keys"
            let session = try await fixture.session(
                workspace, "stty raw -echo; yes 'a line of a flood, and another one' & exec cat >'\(keys)'")
            let terminal = try Self.attach(fixture, session.id)
            try await terminal.expect("a line of a flood")
            let typed = (0..<60).map { UInt8(ascii: "0") + $0 }
            var left = typed[...]
            let deadline = Deadline.after(.seconds(120))
            var got: [UInt8] = []
            while got.count < typed.count, !deadline.hasPassed {
                // Some 200 kB a second, which the host is ahead of by its limit at once.
                for _ in 0..<8 {
                    _ = terminal.take(atMost: 4096)
                    try await Task.sleep(for: .milliseconds(20))
                }
                if let key = left.popFirst() { try terminal.type([key]) }
                got = FileManager.default.contents(atPath: keys).map { Array($0) } ?? []
            }
            #expect(got == typed)
        }
    }

    // Symptom: a script that read an attachment's output too slowly got a picture in the middle of it, and no word of what was missing. Cause: a
    // connection that could not go on was treated as at a person's terminal.
    @Test func `gets no picture into a pipe that is read too late, and says what is missing`() async throws {
        // So that a host that is not optimised has soon drawn what the ring holds.
        try await Fixture.run(arguments: ["--ring-size", "256K"]) { fixture in
            let directory = fixture.host.place.directory.path
            let session = try await fixture.session(
                try await fixture.workspace(),
                "stty raw -echo; echo ready; read -r line; seq 3000000; echo END; read -r line <'\(directory)/go'")
            try Shell.run("mkfifo '\(directory)/go' '\(directory)/hold' '\(directory)/gate'")
            let piped = Task.detached {
                try await BlockingExecutor(label: "pipe").run {
                    Result {
                        try Shell.run(
                            """
                            cd '\(directory)'
                            { printf '\\n'; read -r line <hold; } \\
                                | '\(Ground.programs)/corral' attach \(session.id) --socket '\(fixture.host.place.socket)' 2>said \\
                                | { read -r line <gate; exec cat >output; }
                            """)
                    }
                }.get()
            }
            _ = try await fixture.client.wait(
                for: WaitRequest(for: .output, pattern: "^END", timeout: 60, from: 0), in: session.id)
            try Shell.run("echo >'\(directory)/gate'")
            try await fixture.eventually("it says so") {
                FileManager.default.contents(atPath: directory + "/said").map { String(decoding: $0, as: UTF8.self) }?
                    .contains(" bytes of the output are missing here") == true
            }
            try Shell.run("echo >'\(directory)/go'; echo >'\(directory)/hold'")
            _ = try await piped.value
            let output = String(
                decoding: FileManager.default.contents(atPath: directory + "/output") ?? Data(), as: UTF8.self)
            #expect(output.ranges(of: "\u{1b}[?1049l").count == 1, "the picture at the beginning, and no other")
        }
    }

    // Symptom: after a Ctrl-C at a slow terminal megabytes of what the program had printed before went on. Cause: all that the terminal had not
    // taken was given to it.
    @Test func `leaves out what a slow terminal has not shown when its user types`() async throws {
        try await Fixture.run { fixture in
            let printed = 6_000_000
            let session = try await fixture.session(
                try await fixture.workspace(),
                "read -r line; yes 'a line of a flood' | head -c \(printed); read -r line; echo \"got $line\"; exec sleep 1000"
            )
            let terminal = try Self.attach(fixture, session.id)
            try await terminal.expectRaw(true)
            try terminal.type(Array("go\n".utf8))
            try await fixture.eventually("all is printed") {
                try await fixture.client.screen(of: session.id).seq > UInt64(printed)
            }
            let before = terminal.shownBytes.count
            try terminal.type(Array("hello\n".utf8))
            try await terminal.expect("got hello")
            let taken = terminal.shownBytes.count - before
            #expect(taken < printed / 3, "\(taken) bytes")
        }
    }

    // Symptom: at 200 kB a second the prompt came seconds after Ctrl-C. Cause: what lay in the sockets was shown before it.
    @Test func `passes over what lies in its socket when a program is interrupted`() async throws {
        // So that a host that is not optimised has soon drawn what the ring holds.
        try await Fixture.run(arguments: ["--ring-size", "256K"]) { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(),
                "trap 'echo STOPPED' INT; read -r line; yes 'a line of a flood'; exec sleep 1000")
            let terminal = try Self.attach(fixture, session.id)
            try await terminal.expectRaw(true)
            try terminal.type(Array("go\n".utf8))
            for _ in 0..<100 {
                _ = terminal.take(atMost: 4096)
                try await Task.sleep(for: .milliseconds(20))
            }
            let before = terminal.shownBytes.count
            try terminal.type([0x03])
            try await terminal.expect("STOPPED")
            let taken = terminal.shownBytes.count - before
            // Of the picture, of what its terminal holds, and of a step.
            #expect(taken < 100_000, "\(taken) bytes")
        }
    }

    // Symptom: whoever pasted more than a program took could not detach. Cause: while anything waited for the host no key was read.
    @Test func `detaches behind a paste that no program reads`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(), "stty raw -echo; echo ready; exec sleep 1000")
            let terminal = try Self.attach(fixture, session.id)
            try await terminal.expect("ready")
            try await terminal.expectRaw(true)
            // Each write waits until the client has made room for it.
            for _ in 0..<150 { try terminal.type([UInt8](repeating: UInt8(ascii: "x"), count: 2048)) }
            try terminal.type([0x1c, 0x64])
            #expect(try await terminal.end() == 0)
        }
    }
}
