import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// It runs in a session of the host that it watches, so that its screen can be read and its keys be typed.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `corral top` {
    private static func top(_ fixture: Fixture, in workspace: WorkspaceDocument) async throws -> SessionDocument {
        try await fixture.client.createSession(
            in: workspace.id,
            CreateSessionRequest(
                title: "view", size: TerminalSize(columns: 80, rows: 24),
                command: [
                    "/bin/sh", "-c",
                    "'\(Fixture.program)' top --sort name --interval 0.2 --socket '\(fixture.host.place.socket)'; echo left $? and $(stty -a | grep -c -- '-icanon') changed; exec sleep 1000",
                ])
        ).document
    }

    /// Waits until the view shows what is asked for; returns its lines.
    @discardableResult
    private static func wait(
        _ fixture: Fixture, _ view: SessionDocument, _ what: String, until isShown: ([String]) -> Bool
    ) async throws -> [String] {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let lines = try await fixture.client.screen(of: view.id).lines
            if isShown(lines) { return lines }
            if ContinuousClock.now > deadline {
                Issue.record("the view did not show \(what):\n\(lines.joined(separator: "\n"))")
                return lines
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func type(_ fixture: Fixture, _ view: SessionDocument, _ keys: String) async throws {
        try await fixture.client.sendInput(Array(keys.utf8), to: view.id)
    }

    @Test func `shows what runs, kills and deletes when asked twice, and gives the terminal back`() async throws {
        try await Fixture.run { fixture in
            let (one, two) = (try await fixture.workspace("one"), try await fixture.workspace("two"))
            let busy = try await fixture.session(one, "echo here it is; while :; do :; done")
            _ = try await fixture.session(two, "exec sleep 1000")
            let outside = try await fixture.workspace("view")
            let view = try await Self.top(fixture, in: outside)
            try await Self.wait(fixture, view, "the busy session's processor time") { lines in
                lines.contains { $0.hasPrefix("    sh") && !$0.contains(" 0.0%") && $0.contains("%") }
            }
            // The first line is the first workspace, the second its session.
            try await Self.type(fixture, view, "f")
            try await Self.wait(fixture, view, "that the workspace is frozen") {
                $0.contains { $0.hasPrefix("- one") && $0.contains("frozen") }
            }
            try await Self.type(fixture, view, "f")
            try await Self.wait(fixture, view, "that it goes on") {
                $0.contains { $0.hasPrefix("- one") && $0.contains("active") }
            }
            try await Self.type(fixture, view, "\u{1b}[B")
            // It ended the program: what can be chosen when attaching had not been read from anywhere.
            try await Self.type(fixture, view, "a")
            try await Self.wait(fixture, view, "the session") { $0.contains("here it is") }
            try await Self.type(fixture, view, "\u{1c}d")
            try await Self.wait(fixture, view, "the view again") { $0.contains { $0.hasPrefix("    sh") } }
            // Work that is not committed is no matter of a session's. Its kill was refused for it, in the words of a delete.
            try Shell.run("echo new > '\(one.path)/new'")
            try await Self.type(fixture, view, "k")
            let plan = try await Self.wait(fixture, view, "what would die") { $0.contains { $0.hasPrefix("Kill it?") } }
            #expect(plan.contains { $0.contains(busy.id) && $0.contains("would be ended, 1 process") })
            try await Self.type(fixture, view, "n")
            try await Self.wait(fixture, view, "that nothing was done") {
                $0.contains { $0.contains("Nothing was done.") }
            }
            #expect(try await fixture.client.session(busy.id).status == .active)
            try await Self.type(fixture, view, "k")
            try await Self.wait(fixture, view, "what would die") { $0.contains { $0.hasPrefix("Kill it?") } }
            try await Self.type(fixture, view, "y")
            try await Self.wait(fixture, view, "what the kernel confirmed") {
                $0.contains { $0.contains("session \(busy.id): ended, confirmed by the kernel") }
            }
            #expect(try await fixture.client.session(busy.id).status == .disposed)

            // Now the first workspace has no session, and the second is on the next line.
            try await Self.wait(fixture, view, "that the session has no line any more") {
                $0.filter { $0.hasPrefix("    sh") }.count == 1
            }
            try await Self.type(fixture, view, "\u{1b}[H\u{1b}[Bd")
            try await Self.wait(fixture, view, "the plan of the delete") { $0.contains { $0.hasPrefix("Delete it?") } }
            try await Self.type(fixture, view, "y")
            try await Self.wait(fixture, view, "the receipt") {
                $0.contains { $0.contains("workspace \(two.id) (two)") && !$0.contains("would be") }
            }
            #expect(try await Fixture.code { try await fixture.client.workspace(two.id) } == "workspace_not_found")

            try await Self.type(fixture, view, "q")
            // The line discipline is as it was, and so is the screen.
            let left = try await Self.wait(fixture, view, "the shell again") {
                $0.contains { $0.hasPrefix("left ") }
            }
            #expect(left.contains("left 0 and 0 changed"), "\(left)")
        }
    }

    @Test func `says what is missing when it cannot draw, and when there is no host`() async throws {
        try await Fixture.run { fixture in
            #expect(throws: (any Error).self) {
                try Shell.run("'\(Fixture.program)' top --socket '\(fixture.host.place.socket)' </dev/null")
            }
        }
    }
}
