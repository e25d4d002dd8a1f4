import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TerminalScreen
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A session's screen` {
    @Test func `is read as text, with what has scrolled off it`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "seq 1 100; printf 'ready> '; exec sleep 1000")
            try await SessionReader(fixture.client, session.id).waitFor("ready>")
            let screen = try await fixture.client.screen(of: session.id, history: 1000)
            #expect(screen.history + screen.lines == (1...100).map { "\($0)" } + ["ready>"])
            #expect(screen.cursor == .init(row: 31, column: 7, visible: true))
            #expect(screen.isComplete)
            #expect(try await fixture.client.screen(of: session.id).history.isEmpty)
        }
    }

    // Symptom: `session send S 'fzf --height 40%'` hung. Cause: nobody answers where the cursor is while no terminal is attached.
    @Test func `answers a program that asks for the cursor, and leaves that to a terminal that is attached`()
        async throws
    {
        try await Fixture.run { fixture in
            let script = """
                ask() { IFS= read -rsd R -p $'\\033[6n' place; echo "at ${place#*[}"; }
                printf ab; ask; read -r line; printf abcd; ask; exec sleep 1000
                """
            let session = try await fixture.client.createSession(
                in: try await fixture.workspace().id, CreateSessionRequest(command: ["/bin/bash", "-c", script])
            ).document
            try await SessionReader(fixture.client, session.id).waitFor("at 1;3")
            let terminal = try WindowClient(
                fixture.client, session.id, size: TerminalSize(columns: 80, rows: 24))
            let asked = terminal.bytes.count
            terminal.type("go\n")
            try await fixture.eventually("it is asked") {
                terminal.receive()
                return String(decoding: terminal.bytes[asked...], as: UTF8.self).contains("\u{1b}[6n")
            }
            terminal.type("\u{1b}[77;88R")
            try await SessionReader(fixture.client, session.id).waitFor("at 77;88")
            terminal.detach()
        }
    }

    @Test(arguments: [999, 1000, 1001, 1002, 5000])
    func `has the last thousand lines that have scrolled off it, and no more are taken`(scrolled: Int) async throws {
        try await Fixture.run { fixture in
            // Of 32 rows the prompt takes one.
            let printed = scrolled + 31
            let session = try await fixture.session(
                try await fixture.workspace(), "seq 1 \(printed); printf 'ready> '; exec sleep 1000")
            try await SessionReader(fixture.client, session.id).waitFor("ready>")
            let shown = (scrolled + 1...printed).map { "\($0)" } + ["ready>"]
            for wanted in [0, 1, 31, 999, 1000] {
                let screen = try await fixture.client.screen(of: session.id, history: wanted)
                #expect(screen.lines == shown)
                let first = max(1, scrolled - wanted + 1)
                #expect(screen.history == (first..<scrolled + 1).map { "\($0)" }, "\(wanted) lines")
            }
            #expect(
                try await Fixture.code { try await fixture.client.screen(of: session.id, history: 1001) }
                    == "invalid_request")

            func read(_ options: String) throws -> [String] {
                try Shell.run(
                    "set +e; '\(Fixture.program)' session read \(options) \(session.id) 2>&1; echo \"status $?\"",
                    environment: ["CORRAL_SOCKET": fixture.host.place.socket]
                ).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
            }
            let held = (max(1, scrolled - 1000 + 1)...printed).map { "\($0)" } + ["ready>"]
            #expect(try read("") == shown + ["status 0"])
            for count in [1, 2, 32, 33, 999, 1000] {
                #expect(try read("--lines \(count)") == held.suffix(count) + ["status 0"], "\(count) lines")
            }
            for count in [1001, 1031, 1032, 1033, 100_000] {
                #expect(try read("--lines \(count)") == held.suffix(count) + ["status 0"], "\(count) lines")
            }
            for count in ["0", "-1", "1e3", "many"] {
                #expect(try read("--lines=\(count)").last == "status 64", "\(count)")
            }
        }
    }

    @Test func `is printed up to its last line that is not blank, and lines are counted from there`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(), "printf 'one\\n\\ntwo  \\n\\n\\n'; exec sleep 1000")
            try await SessionReader(fixture.client, session.id).waitFor("two")
            func read(_ options: String) throws -> String {
                try Shell.run(
                    "'\(Fixture.program)' session read \(options) \(session.id)",
                    environment: ["CORRAL_SOCKET": fixture.host.place.socket])
            }
            let all = try read("")
            #expect(all.split(separator: "\n", omittingEmptySubsequences: false).count == 4)
            #expect(all.hasPrefix("one\n\ntwo"))
            #expect(try read("--lines 1").hasPrefix("two"))
            #expect(try read("--lines 2").hasPrefix("\ntwo"))
            #expect(try read("--lines 3") == all)
            #expect(try read("--lines 30") == all)
            let cleared = try await fixture.session(
                try await fixture.workspace("two"), "printf 'gone\\033[H\\033[J'; exec sleep 1000")
            try await fixture.eventually("it is cleared") {
                try await fixture.client.output(of: cleared.id).next >= 10
            }
            #expect(
                try Shell.run(
                    "'\(Fixture.program)' session read --lines 5 \(cleared.id)",
                    environment: ["CORRAL_SOCKET": fixture.host.place.socket]) == "")
        }
    }

    @Test func `has the looks of its characters, a title and a directory`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace,
                #"printf '\033]0;build\007\033]7;file://host/tmp/a%%20b\007\033[1;31mred\033[0m \033[38;2;1;2;255mblue\033[0m\007'; echo; echo ready; exec sleep 1000"#
            )
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            let screen = try await fixture.client.screen(of: session.id, cells: true)
            #expect(screen.title == "build")
            #expect(screen.workingDirectory == "/tmp/a b")
            #expect(screen.bells == 1)
            let first = try #require(screen.cells?.first)
            #expect(
                first.first
                    == .init(column: 0, width: 1, text: "red", foreground: "1", background: nil, style: ["bold"]))
            #expect(
                first.last
                    == .init(column: 4, width: 1, text: "blue", foreground: "#0102ff", background: nil, style: nil))
        }
    }

    @Test func `outlasts the output that made it: modes and title stay when megabytes have gone by`() async throws {
        try await Fixture.withCheckpoints(arguments: ["--ring-size", "64K"]) { fixture, checkpoints in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace,
                #"stty -echo; printf '\033]0;kept\007\033[?2004hready\n'; while read -r last; do seq -f %09.0f 0 $last; done; echo the end; exec sleep 1000"#
            )
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            let client = fixture.client
            for _ in 1...3 {
                try await checkpoints.keepScreen {
                    try await client.sendInput(Array("4000\n".utf8), to: session.id)
                } more: {
                    try await client.sendInput(Array("0\n".utf8), to: session.id)
                }
            }
            try await client.sendInput(Array("4000\n\u{4}".utf8), to: session.id)
            try await fixture.eventually("the end") {
                try await fixture.client.screen(of: session.id).lines.contains("the end")
            }
            let output = try await fixture.client.output(of: session.id)
            #expect(output.from > 0, "what set them is no longer in the ring")
            let screen = try await fixture.client.screen(of: session.id)
            #expect(screen.title == "kept")
            #expect(screen.bracketedPaste)
            #expect(screen.lines.suffix(3) == ["000004000", "the end", ""])
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/vim"), "vim is not installed"))
    func `of a full-screen program is drawn for whoever comes, in a window of another size`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(
                workspace, "seq 1 200 > numbers; vim -u NONE -N -c 'set number' -c 'normal 100G' numbers")
            try await fixture.eventually("vim shows line 100") {
                try await fixture.client.screen(of: session.id).lines.contains { $0.contains("100 100") }
            }
            for size in [nil, TerminalSize(columns: 80, rows: 24), TerminalSize(columns: 100, rows: 40)] {
                let client = try WindowClient(fixture.client, session.id, size: size)
                #expect(client.synced?.mode == .tail)
                let wanted = size ?? TerminalSize(columns: 120, rows: 32)
                let drawn = Screen(columns: wanted.columns, rows: wanted.rows)
                drawn.feed(client.bytes)
                #expect(drawn.isAlternateScreen)
                // vim draws anew for the size in its own time; what is drawn for us is what is read.
                try await fixture.eventually("vim has drawn for \(wanted)") {
                    let screen = try await fixture.client.screen(of: session.id)
                    guard screen.rows == wanted.rows, screen.columns == wanted.columns else { return false }
                    let again = try WindowClient(fixture.client, session.id, size: size).bytes
                    let fresh = Screen(columns: wanted.columns, rows: wanted.rows)
                    fresh.feed(again)
                    let now = try await fixture.client.screen(of: session.id)
                    return fresh.text() == now.lines && now.lines.contains { $0.contains("100 100") }
                }
            }
            try await fixture.client.sendInput(Array("\u{1b}:q!\r".utf8), to: session.id)
            #expect(try await SessionReader(fixture.client, session.id).waitForEnd().ended?.exit?.code == 0)
        }
    }
}
