import CgroupPty
import Foundation
import HostClient
import HostProtocol
import Logging
import TestSupport
import Testing

@testable import HostService

/// What a real journald has of a real host, asked as a person would ask.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `What the journal has` {
    private typealias Entry = [String: String]

    /// Entries that `journalctl` finds. A field that is no text is left out.
    private static func entries(_ query: String) throws -> [Entry] {
        let text = try Shell.run(
            "journalctl \(Fixture.manager) --quiet --all --output=json \(query) || true")
        return try text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return object.compactMapValues { $0 as? String }
        }
    }

    /// journald takes its time, and a user cannot have it write everything down at once.
    private static func eventually(_ what: String, _ isSo: () throws -> Bool) async throws {
        let deadline = Deadline.after(.seconds(30))
        while try !isSo() {
            if deadline.hasPassed { throw Fixture.NeverHappened(description: what) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test func `of a host is one entry an event, found by workspace, session, unit and service`() async throws {
        try await ServiceHost.run(intoJournal: true) { host in
            let directory = try TemporaryDirectory()
            let repository = try SampleRepository(in: directory)
            let client = host.client
            let workspace = try await client.createWorkspace(
                CreateWorkspaceRequest(repository: repository.path, branch: "one")
            ).document
            let session = try await client.createSession(
                in: workspace.id,
                CreateSessionRequest(command: ["/bin/sh", "-c", "trap '' HUP; echo ready; exec sleep 1000"])
            ).document
            try await SessionReader(client, session.id).waitFor("ready")
            try await Self.eventually("its status tells of the session") {
                try Shell.run("systemctl \(Fixture.manager) status '\(session.unit)' --no-pager || true")
                    .contains("Session \(session.id) (")
            }
            #expect(try await client.killSession(session.id).outcome == .confirmed)
            #expect(try await client.deleteWorkspace(workspace.id).outcome == .confirmed)

            try await Self.eventually("the delete is there") {
                try !Self.entries("CORRAL_WORKSPACE=\(workspace.id) CORRAL_EVENT=workspace_deleted").isEmpty
            }
            // The session in which git made the worktree is none of those.
            let ofWorkspace = try Self.entries("CORRAL_WORKSPACE=\(workspace.id)").filter { entry in
                entry["CORRAL_SESSION"] == nil || entry["CORRAL_SESSION"] == session.id
            }
            let events = ofWorkspace.compactMap { $0["CORRAL_EVENT"] }
            #expect(
                events == [
                    "workspace_created", "session_started", "session_killed", "workspace_deleting", "workspace_deleted",
                ],
                "\(ofWorkspace.compactMap { $0["MESSAGE"] })")
            #expect(ofWorkspace.compactMap { $0["PRIORITY"] } == ["6", "6", "5", "6", "5"])
            let killed = try #require(ofWorkspace.first { $0["CORRAL_EVENT"] == "session_killed" })
            #expect(killed["MESSAGE_ID"] == JournalMessage.sessionKilled.rawValue)
            #expect(killed["CORRAL_SCOPE"] == session.unit)
            #expect(killed["_TRANSPORT"] == "journal")

            // By the unit that it is about, beside what systemd itself says of it.
            let ofScope = try Self.entries("--unit='\(session.unit)'")
            #expect(ofScope.compactMap { $0["CORRAL_EVENT"] } == ["session_started", "session_killed"], "\(ofScope)")
            #expect(ofScope.contains { $0["CORRAL_EVENT"] == nil && $0["MESSAGE"]?.contains(session.unit) == true })
            let ofSlice = try Self.entries("--unit='\(workspace.slice)'").compactMap { $0["CORRAL_EVENT"] }
            #expect(ofSlice.contains("workspace_created") && ofSlice.contains("workspace_deleted"), "\(ofSlice)")
            // By the service that says it, each once, and nothing that comes otherwise.
            // Symptom: "Failed to set thread priority" by syslog, for each thread of a user's host. Cause: GRDB's queues asked for more
            // than an ordinary user gets.
            let own = try Self.entries("--unit=\(host.unit) SYSLOG_IDENTIFIER=corral-host")
            #expect(own.count { $0["CORRAL_EVENT"] == "session_killed" } == 1)
            let strange = own.filter { $0["_TRANSPORT"] != "journal" }.compactMap { $0["MESSAGE"] }
            // Of its own thread for timers libdispatch says so once; what would silence it is a variable that sessions inherit.
            #expect(strange.count <= 1, "\(strange)")
        }
    }

    @Test(.enabled(if: Ground.isSystem, "the catalog is the system's"))
    func `is explained where the catalog is installed`() async throws {
        let catalog = "/usr/lib/systemd/catalog/corral-test.catalog"
        try Shell.run("cp '\(Ground.packaging)/systemd/corral.catalog' '\(catalog)'; journalctl --update-catalog")
        defer { _ = try? Shell.run("rm -f '\(catalog)'; journalctl --update-catalog") }
        let listed = try Shell.run("journalctl --list-catalog")
        for message in JournalMessage.allCases { #expect(listed.contains(message.rawValue), "\(message)") }
        let workspace = "w\(UUID().uuidString.prefix(8).lowercased())"
        let sink = JournalSink(try Journal(), identifier: "corral-test", manager: .system)
        for message in JournalMessage.allCases {
            sink.write(
                .notice, "test of \(message)", kind: "test",
                Logger.Metadata.explained(by: message).merging(["workspace": "\(workspace)", "outcome": "confirmed"]) {
                    $1
                })
        }
        try await Self.eventually("all entries are there") {
            try Self.entries("CORRAL_WORKSPACE=\(workspace)").count == JournalMessage.allCases.count
        }
        let explained = try Shell.run("journalctl --system -x --no-pager CORRAL_WORKSPACE=\(workspace)")
        #expect(
            explained.components(separatedBy: "░░ Subject: ").count - 1 == JournalMessage.allCases.count, "\(explained)"
        )
        #expect(explained.contains("░░ Subject: Workspace \(workspace) was deleted"))
    }

    /// Without a quota of our own journald drops what comes after the flood, whatever it is: it counts all that a user's services say
    /// as one service's.
    @Test func `after a flood of one kind is all that comes of other kinds`() async throws {
        let mark = "t\(UUID().uuidString.prefix(8).lowercased())"
        let sink = JournalSink(try Journal(), identifier: "corral-test", manager: Ground.isSystem ? .system : .user)
        // The busiest journald takes 60,000 in half a minute.
        for number in 0..<100_000 {
            sink.write(
                .info, "flood", kind: "\(mark)-flood",
                ["workspace": "\(mark)", "event": "flood", "outcome": "\(number)"])
        }
        var written = 0
        try await Self.eventually("something else is written") {
            sink.write(.notice, "important", kind: "\(mark)-important", ["workspace": "\(mark)", "event": "important"])
            written += 1
            return try !Self.entries("CORRAL_WORKSPACE=\(mark) CORRAL_EVENT=important").isEmpty
        }
        let flood = try Self.entries("CORRAL_WORKSPACE=\(mark) CORRAL_EVENT=flood").count
        // journald may have been behind, and then some are lost, and counted.
        #expect((1...JournalQuota.burst).contains(flood), "\(flood) of the flood, \(written) others")
    }

    @Test func `of a reaper's pass is each thing once`() async throws {
        try await Fixture.swept { fixture in
            let place = fixture.host.place
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "trap '' HUP; echo ready; exec sleep 1000")
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            try await fixture.host.kill()
            // What nobody wants any more.
            try Shell.run(
                """
                python3 -c 'import sqlite3, sys
                with sqlite3.connect(sys.argv[1]) as index:
                    index.execute("UPDATE session SET dispose_requested_at = created_at")' '\(place.state)/index.db'
                """)
            let unit = "corral-reaper-test-\(UUID().uuidString.prefix(8).lowercased()).service"
            try Shell.run(
                """
                systemd-run \(Fixture.manager) --quiet --wait --collect --unit=\(unit) -- \
                '\(URL(fileURLWithPath: Ground.programs).path)/corral-reaper' --state-directory '\(place.state)' --runtime-directory '\(place.runtime)'
                """)
            #expect(try fixture.world.inUnit(session.unit).isEmpty)
            try await Self.eventually("the pass is told") {
                try !Self.entries("--unit=\(unit) CORRAL_EVENT=reaper_pass").isEmpty
            }
            let told = try Self.entries("--unit=\(unit) SYSLOG_IDENTIFIER=corral-reaper")
            #expect(
                told.count { $0["MESSAGE"]?.contains(session.unit) == true } == 1,
                "\(told.compactMap { $0["MESSAGE"] })")
            #expect(
                told.first { $0["CORRAL_SCOPE"] == session.unit }?["MESSAGE_ID"] == JournalMessage.orphanReaped.rawValue
            )
        }
    }
}
