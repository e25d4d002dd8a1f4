import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// `corral attach` on a terminal of its own, with a program in the session that changes all that a terminal can be left changed in.
@Suite(
    .enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)),
    .enabled(if: InstalledProgram.isThere("tmux"), "tmux is not installed"), .serialized, .timeLimit(.minutes(3)))
struct `A terminal that is attached over a crash of the host` {
    private static let notice = "[the host has gone away; waiting for it]"
    /// The other screen, no cursor, mouse, pastes in brackets, cursor keys, the keypad and margins; then a picture.
    private static let drawing =
        #"\033[?1049h\033[?25l\033[?1000;1006h\033[?2004h\033[?1h\033=\033[2;20r\033[5;10Hthe picture\033[24;1Hat the bottom"#

    /// A program that draws, and keeps each key that comes.
    private struct Scene {
        let client: HostClient
        let session: SessionDocument
        let keys: String
        let terminal: TerminalProcess
        /// The terminal's settings before.
        let settings: [UInt8]

        /// - Parameter afterwards: what the session's shell does once it has drawn; `KEYS` is the file of the keys.
        init(_ client: HostClient, _ place: RunningHost.Place, then afterwards: String) async throws {
            self.client = client
            keys = place.work + "/keys"
            let script = "stty raw -echo; printf '\(drawing)'; \(afterwards.replacing("KEYS", with: keys))"
            // A change of the size would take the margins away.
            session = try await place.session(
                client, ["/bin/sh", "-c", script], size: TerminalSize(columns: 80, rows: 24))
            try await SessionReader(client, session.id).waitFor("at the bottom")
            // Of what is on a terminal that nobody has used.
            terminal = try TerminalProcess(
                ["attach", session.id, "--socket", place.socket], program: Ground.programs + "/corral")
            settings = try terminal.settings
            try await terminal.expect("the picture")
            try await terminal.expect("at the bottom")
            try await terminal.expectRaw(true)
            try #require(try terminal.settings != settings)
        }

        /// Waits until the program has got these keys since it began, and no others.
        func expectKeys(_ wanted: String) async throws {
            let deadline = Deadline.after(.seconds(30))
            while true {
                let got = String(decoding: FileManager.default.contents(atPath: keys) ?? Data(), as: UTF8.self)
                if got == wanted { return }
                try #require(
                    wanted.hasPrefix(got) && !deadline.hasPassed, "\(got.debugDescription) is not \(wanted)")
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        /// Requires that the terminal shows what the session does, in its modes.
        func expectPicture() async throws {
            let shown = try ReferenceTerminal.having(read: terminal.shownBytes, columns: 80, rows: 24)
            let capture = try shown.capture()
            let screen = try await client.screen(of: session.id)
            #expect(capture.lines == ReferenceTerminal.lines(screen.lines, rows: 24))
            #expect(capture.lines[4] == "         the picture")
            #expect(capture.lines[23] == "at the bottom")
            let modes = try shown.modes()
            let wanted = [
                "alternate_on": 1, "cursor_flag": 0, "mouse_any_flag": 1, "mouse_sgr_flag": 1, "keypad_cursor_flag": 1,
                "keypad_flag": 1, "scroll_region_upper": 1, "scroll_region_lower": 19,
            ]
            for (mode, value) in wanted { #expect(modes[mode] == value, "\(mode)") }
        }

        /// Requires that the terminal is as it was before, in its settings and its modes.
        func expectGivenBack(_ end: String) throws {
            #expect(try terminal.settings == settings)
            let shown = try ReferenceTerminal.having(read: terminal.shownBytes, columns: 80, rows: 24)
            let unused = try ReferenceTerminal.having(read: [], columns: 80, rows: 24)
            #expect(try shown.modes() == unused.modes())
            let text = terminal.shown
            // Which this tmux does not tell.
            let pastes = ["\u{1b}[?2004h", "\u{1b}[?2004l"].map { text.ranges(of: $0).last?.lowerBound }
            #expect(try #require(pastes[0]) < #require(pastes[1]))
            let lines = try shown.capture().lines
            #expect(lines.contains(end), "\(lines)")
            #expect(!lines.contains { $0.contains("the picture") }, "it was on the other screen")
        }
    }

    @Test func `says that it is away, is drawn anew, passes each key once, and is given back in the end`() async throws
    {
        try await ServiceHost.run { host in
            let scene = try await Scene(host.client, host.place, then: "exec cat >'KEYS'")
            try await scene.expectPicture()
            try scene.terminal.type(Array("one ".utf8))
            try await scene.expectKeys("one ")
            // The next host waits for it, long enough to be noticed.
            _ = try host.place.launchSlowReaper()
            try await host.process().signal(SIGKILL)
            try await scene.terminal.expect(Self.notice)
            let noticed = try ReferenceTerminal.capture(scene.terminal.shownBytes, columns: 80, rows: 24)
            #expect(noticed.lines[23] == Self.notice)
            try scene.terminal.type(Array("two ".utf8))
            try await scene.terminal.expect("at the bottom", after: Self.notice)
            try scene.terminal.type(Array("three ".utf8))
            try await scene.expectKeys("one two three ")
            try await scene.expectPicture()
            #expect(try await host.client.session(scene.session.id).leaderPid == scene.session.leaderPid)
            try scene.terminal.type([0x1c, 0x64])
            #expect(try await scene.terminal.end() == 0)
            try scene.expectGivenBack("[detached from \(scene.session.id)]")
            #expect(try await host.client.session(scene.session.id).status == .active)
        }
    }

    @Test func `is given back when the session has ended meanwhile, with its last words`() async throws {
        try await ServiceHost.run { host in
            let pid = try await host.client.status().pid
            let scene = try await Scene(
                host.client, host.place,
                then: "while kill -0 \(pid) 2>/dev/null; do sleep 0.01; done; printf 'last words'; exit 7")
            _ = try host.place.launchSlowReaper()
            try await host.process().signal(SIGKILL)
            let status = try await scene.terminal.end()
            let ended = try await host.client.session(scene.session.id)
            #expect(ended.status == .exited)
            // Kernels before 6.15 do not tell the code of who is not one's child.
            #expect(status == (ended.exit == nil ? 1 : 7))
            #expect(scene.terminal.shown.contains("last words"))
            try scene.expectGivenBack("[session \(scene.session.id) has ended\(ended.exit == nil ? "" : ": status 7")]")
        }
    }

    @Test func `is given back when the next host refuses, since the terminal went with the one in the foreground`()
        async throws
    {
        try await CrashSite.run { site in
            var host = try await site.start()
            let scene = try await Scene(host.client, site.place, then: "exec cat >'KEYS'")
            try await host.kill()
            host = try await site.start()
            #expect(try await scene.terminal.end() == 4)
            try scene.expectGivenBack("[cut off from \(scene.session.id)]")
            #expect(scene.terminal.shown.contains("terminal was lost when the host restarted"))
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    /// It was stopped meanwhile, and asks only then.
    @Test func `is given back when the session is over by then and its output went with the host`() async throws {
        try await CrashSite.run { site in
            var host = try await site.start()
            let scene = try await Scene(host.client, site.place, then: "exec cat >'KEYS'")
            scene.terminal.signal(SIGSTOP)
            try await scene.terminal.expectStop()
            try await host.kill()
            host = try await site.start()
            #expect(try await host.client.killSession(scene.session.id).outcome == .confirmed)
            scene.terminal.signal(SIGCONT)
            #expect(try await scene.terminal.end() == 1)
            try scene.expectGivenBack("[session \(scene.session.id) has ended: killed]")
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }
}
