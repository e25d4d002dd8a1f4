import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// The same program in a session and in tmux, typed at alike, in a window that becomes smaller while nobody is attached: three opinions of
/// the same screen. What a client is sent is drawn by tmux, what the host says is read from its interface, and tmux shows the program
/// itself.
@Suite(
    .enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)),
    .enabled(
        if: InstalledProgram.isThere("tmux") && InstalledProgram.isThere("python3"),
        "tmux and python3 are not both installed"),
    .serialized, .timeLimit(.minutes(3)))
struct `A program that fills the screen` {
    private static let large = TerminalSize(columns: Scene.columns, rows: Scene.rows)
    private static let small = TerminalSize(columns: 80, rows: 24)

    @Test(.enabled(if: InstalledProgram.isThere("vim"), "vim is not installed"))
    func `is drawn for whoever comes as it is without us: vim`() async throws { try await compare(.vim) }

    @Test(.enabled(if: InstalledProgram.isThere("less"), "less is not installed"))
    func `is drawn for whoever comes as it is without us: less`() async throws { try await compare(.less) }

    @Test func `is drawn for whoever comes as it is without us: a program of curses`() async throws {
        try await compare(.curses)
    }

    /// Without its clock.
    @Test func `is drawn for whoever comes as it is without us: tmux`() async throws {
        try await compare(.tmux, more: " \\; set -g status-right ''")
    }

    /// What is inside changes, every ten seconds and between the two: of that only what frames it is compared.
    @Test(.enabled(if: InstalledProgram.isThere("htop"), "htop is not installed"))
    func `is drawn for whoever comes as it is without us: htop`() async throws {
        try await compare(.htop, more: " -d 100") { screen in
            screen.lines.enumerated().filter { $0 == screen.lines.count - 1 || $1.contains("PID") }
                .map { "\($0): \($1)" } + ["\(screen.isAlternateScreen)"]
        }
    }

    /// - Parameter essence: what of the screen must be as in tmux; all of it when absent.
    private func compare(
        _ scene: Scene, more: String = "", _ essence: ((ReferenceTerminal.Capture) -> [String])? = nil
    ) async throws {
        try await Fixture.run { fixture in
            let (ours, theirs) = (try TemporaryDirectory(), try TemporaryDirectory())
            defer { scene.end(in: theirs) }
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec \(try scene.command(in: ours, more: more))")
            let native = try ReferenceTerminal(
                scene.command(in: theirs, more: more), columns: Scene.columns, rows: Scene.rows)
            let first = try WindowClient(fixture.client, session.id, size: Self.large)
            for step in scene.steps {
                try await fixture.eventually("\(step.expected) is there") {
                    first.receive()
                    return try await fixture.client.screen(of: session.id).lines.contains {
                        $0.contains(step.expected)
                    }
                }
                first.type(step.keys)
                try await fixture.eventually("\(step.expected) is there without us") {
                    try native.capture().lines.contains { $0.contains(step.expected) }
                }
                if !step.keys.isEmpty { try native.type(step.keys) }
            }
            try await Self.expectAgreement(fixture, session.id, first, native, essence)
            first.detach()
            try await fixture.eventually("nobody is attached") {
                try await fixture.client.session(session.id).attached == 0
            }
            let second = try WindowClient(fixture.client, session.id, size: Self.small)
            #expect(second.synced?.mode == .tail)
            try native.resize(columns: Self.small.columns, rows: Self.small.rows)
            try await Self.expectAgreement(fixture, session.id, second, native, essence)
            // The program has nothing to draw for this one.
            let third = try WindowClient(fixture.client, session.id, size: Self.small)
            try await Self.expectAgreement(fixture, session.id, third, native, essence)
            third.detach()
            second.detach()
            #expect(try await fixture.client.killSession(session.id).outcome == .confirmed)
        }
    }

    /// Waits until the program has drawn, here and there, and requires that all see the same.
    private static func expectAgreement(
        _ fixture: Fixture, _ session: String, _ client: WindowClient, _ native: ReferenceTerminal,
        _ essence: ((ReferenceTerminal.Capture) -> [String])?
    ) async throws {
        let size = try #require(client.size)
        var differences: [String] = []
        let deadline = Deadline.after(.seconds(20))
        repeat {
            client.receive()
            let read = try await fixture.client.screen(of: session)
            let screen = ReferenceTerminal.Capture(
                lines: ReferenceTerminal.lines(read.lines, rows: read.rows), row: read.cursor.row,
                column: read.cursor.column, isAlternateScreen: read.isAlternateScreen)
            let shown = try native.capture()
            if let essence {
                let (here, there) = (essence(screen), essence(shown))
                differences = here == there ? [] : ["\(here) and without us \(there)"]
            } else {
                differences = screen.differences(from: shown).map { "\($0) without us" }
            }
            if read.columns != size.columns { differences.append("\(read.columns) columns") }
            if client.next != read.seq { differences.append("the client is at \(client.next) of \(read.seq)") }
            guard differences.isEmpty else { continue }
            // Both are of the same bytes: there is nothing to wait for.
            let drawn = try ReferenceTerminal.capture(client.bytes, columns: size.columns, rows: size.rows)
            #expect(drawn.differences(from: screen) == [], "what the client is sent, and what the host says")
            return
        } while !deadline.hasPassed
        throw Fixture.NeverHappened(description: "at \(size): \(differences.joined(separator: "\n"))")
    }
}
