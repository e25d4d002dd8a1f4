import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// The session prints each key that it gets, control characters as `^X`. It is read from what the host holds: a client that attaches
/// is sent a picture of the screen first, in which a line may be broken.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A text that is sent` {
    private func application(_ fixture: Fixture, _ asks: String) async throws -> String {
        let session = try await fixture.session(
            try await fixture.workspace(), "stty raw -echo; printf '\(asks)ready\\n'; exec cat -v")
        try await expect("ready\n", from: 0, fixture, session.id)
        return session.id
    }

    /// Waits until the session has printed this, and nothing else, from a byte on.
    private func expect(_ text: String, from: UInt64, _ fixture: Fixture, _ session: String) async throws {
        var shown = ""
        do {
            try await fixture.eventually("\(text.debugDescription) is printed", within: .seconds(30)) {
                shown = String(
                    decoding: try await fixture.client.output(of: session, from: from).bytes, as: UTF8.self)
                return from == 0 ? shown.hasSuffix(text) : shown.utf8.count >= text.utf8.count
            }
        } catch { Issue.record("\(error), but \(shown.debugDescription)") }
        if from > 0 { #expect(shown == text) }
    }

    private func send(_ text: String, _ options: String, _ fixture: Fixture, _ session: String) throws {
        try Shell.run(
            "'\(Ground.programs)/corral' session send \(options) \(session) \"$TEXT\"",
            environment: ["CORRAL_SOCKET": fixture.host.place.socket, "TEXT": text])
    }

    @Test func `is one marked paste, and Enter a key after it, where the application has asked for that`() async throws
    {
        try await Fixture.run { fixture in
            let session = try await application(fixture, #"\033[?2004h"#)
            var next = try await fixture.client.output(of: session).next
            let paste = "^[[200~one\ntwo\tthree^[[201~"
            try send("one\ntwo\tthree", "", fixture, session)
            try await expect(paste + "^M", from: next, fixture, session)
            next = try await fixture.client.output(of: session).next
            try send("one\ntwo\tthree", "--no-enter", fixture, session)
            try await expect(paste, from: next, fixture, session)
            next = try await fixture.client.output(of: session).next
            try send("typed", "--keys", fixture, session)
            try await expect("typed^M", from: next, fixture, session)
            next = try await fixture.client.output(of: session).next
            // Taken out of it, it would leave another one: nothing of a text may end its paste.
            try await fixture.client.sendText(
                "a\u{1b}[201\u{1b}[201~~rm -rf\u{1b}[201~\r", asPaste: true, withEnter: false, to: session)
            try await expect("^[[200~arm -rf^M^[[201~", from: next, fixture, session)
        }
    }

    @Test(arguments: ["", #"\033[?2004h\033[?2004l"#, #"\033[?2004h\033c"#])
    func `is as it was typed where the application has not asked, or asks no longer`(_ asks: String) async throws {
        try await Fixture.run { fixture in
            let session = try await application(fixture, asks)
            let next = try await fixture.client.output(of: session).next
            try send("one\ntwo", "", fixture, session)
            try await expect("one\ntwo^M", from: next, fixture, session)
        }
    }
}
