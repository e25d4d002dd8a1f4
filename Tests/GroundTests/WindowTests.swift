import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Real clients with windows of different sizes, and what the terminal says to a program that asks it.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A terminal's window` {
    private struct Site {
        let fixture: Fixture
        let session: String

        init(_ fixture: Fixture) async throws {
            self.fixture = fixture
            session = try await fixture.session(
                try await fixture.workspace(), "stty -echo; echo ready; while read -r line; do stty size; done"
            ).id
            try await SessionReader(fixture.client, session).waitFor("ready")
            try await hasClients(0)
        }

        func attach(_ columns: Int, _ rows: Int) throws -> AttachSocket {
            try AttachSocket.open(
                host: fixture.client.address, session: session, size: TerminalSize(columns: columns, rows: rows),
                timeout: .seconds(30))
        }

        func attachLooking() throws -> AttachSocket {
            try AttachSocket.open(host: fixture.client.address, session: session, timeout: .seconds(30))
        }

        /// What `stty size` says after Enter: that of a client, or one that nobody attached has typed.
        func size(typedBy typing: AttachSocket? = nil) async throws -> TerminalSize? {
            let from = try await fixture.client.output(of: session).next
            if let typing { typing.send([0x0a]) } else { try await fixture.client.sendInput([0x0a], to: session) }
            let answer = try await fixture.client.wait(
                for: WaitRequest(for: .output, pattern: #"^\d+ \d+$"#, timeout: 30, from: from), in: session)
            let numbers = answer.line?.split(separator: " ").compactMap { Int($0) } ?? []
            return numbers.count == 2 ? TerminalSize(columns: numbers[1], rows: numbers[0]) : nil
        }

        /// For what a client has sent and nobody answers.
        func becomes(_ columns: Int, _ rows: Int, _ why: String) async throws {
            try await fixture.eventually(why) { try await size() == TerminalSize(columns: columns, rows: rows) }
        }

        func hasClients(_ count: Int) async throws {
            try await fixture.eventually("\(count) are attached") {
                try await fixture.client.session(session).attached == count
            }
        }
    }

    private func run(_ body: (Site) async throws -> Void) async throws {
        try await Fixture.run { try await body(Site($0)) }
    }

    private static let small = TerminalSize(columns: 80, rows: 24)
    private static let large = TerminalSize(columns: 200, rows: 50)

    @Test func `is that of the client that came last, and then of the one that types`() async throws {
        try await run { site in
            #expect(try await site.size() == TerminalSize(columns: 120, rows: 32))
            let first = try site.attach(80, 24)
            #expect(try await site.size() == Self.small)
            let second = try site.attach(200, 50)
            #expect(try await site.size() == Self.large, "what nobody attached has typed decides nothing")
            #expect(try await site.size(typedBy: first) == Self.small, "before the program reads what was typed")
            #expect(try await site.size(typedBy: second) == Self.large)
            let looking = try site.attachLooking()
            #expect(try await site.size(typedBy: looking) == Self.large, "who only looks decides nothing")
            let screen = try await site.fixture.client.screen(of: site.session)
            #expect(TerminalSize(columns: screen.columns, rows: screen.rows) == Self.large)
            for client in [first, second, looking] { client.close(within: .seconds(5)) }
        }
    }

    // Symptom: a program that asked where the cursor is got the size of a window that nobody touched, and one that asks when its size changes was
    // never left in peace. Cause: each attached terminal answers, and an answer counted as its user typing.
    @Test func `is not that of a terminal which only answers a program, or gets the focus`() async throws {
        try await run { site in
            let first = try site.attach(80, 24)
            let second = try site.attach(200, 50)
            #expect(try await site.size(typedBy: first) == Self.small)
            for report in ["\u{1b}[5;1R", "\u{1b}[O", "\u{1b}[?62;22c"] { second.send(Array(report.utf8)) }
            // A close comes after what was sent before it.
            second.close(within: .seconds(5))
            try await site.hasClients(1)
            #expect(try await site.size() == Self.small)
            first.close(within: .seconds(5))
        }
    }

    @Test func `is the one before's again when the client goes that decided, and the last one's when all are gone`()
        async throws
    {
        try await run { site in
            let first = try site.attach(80, 24)
            let second = try site.attach(200, 50)
            let third = try site.attach(100, 30)
            #expect(try await site.size(typedBy: first) == Self.small)
            third.close(within: .seconds(5))
            try await site.hasClients(2)
            #expect(try await site.size() == Self.small, "it had not decided")
            first.close(within: .seconds(5))
            try await site.hasClients(1)
            try await site.becomes(200, 50, "the one that came before decides again")
            second.close(within: .seconds(5))
            try await site.hasClients(0)
            #expect(try await site.size() == Self.large)
        }
    }

    @Test func `changes with the window of the client that decides, and with no other`() async throws {
        try await run { site in
            let first = try site.attach(80, 24)
            let second = try site.attach(200, 50)
            second.resize(to: TerminalSize(columns: 201, rows: 51))
            try await site.becomes(201, 51, "it decides")
            first.resize(to: TerminalSize(columns: 90, rows: 25))
            // A close comes after what was sent before it.
            first.close(within: .seconds(5))
            try await site.hasClients(1)
            #expect(try await site.size() == TerminalSize(columns: 201, rows: 51), "the first did not decide")
            let third = try site.attach(80, 24)
            third.resize(to: TerminalSize(columns: 70, rows: 20))
            try await site.becomes(70, 20, "the third decides")
            second.resize(to: TerminalSize(columns: 150, rows: 40))
            #expect(
                try await site.size(typedBy: second) != Self.large, "it has not had that window since it was changed")
            try await site.becomes(150, 40, "its window is the one that it told last")
            for client in [second, third] { client.close(within: .seconds(5)) }
        }
    }

    @Test func `is as it was asked for whoever is attached, until a client decides anew`() async throws {
        try await run { site in
            let first = try site.attach(80, 24)
            let second = try site.attach(200, 50)
            let asked = TerminalSize(columns: 111, rows: 44)
            try await site.fixture.client.resizeSession(site.session, to: asked)
            #expect(try await site.size() == asked)
            #expect(try await site.size(typedBy: second) == asked, "it decided already, and its window is as it was")
            #expect(try await site.size(typedBy: first) == Self.small)
            try await site.fixture.client.resizeSession(site.session, to: asked)
            first.close(within: .seconds(5))
            try await site.hasClients(1)
            try await site.becomes(200, 50, "the other one decides")
            second.close(within: .seconds(5))
            try await site.hasClients(0)
            try await site.fixture.client.resizeSession(site.session, to: asked)
            let screen = try await site.fixture.client.screen(of: site.session)
            #expect(TerminalSize(columns: screen.columns, rows: screen.rows) == asked)
            #expect(try await site.size() == asked)
        }
    }
}
