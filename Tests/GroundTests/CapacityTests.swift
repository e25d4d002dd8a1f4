import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// What does not fit is refused with a code of its own, and costs nobody who was there before.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `What there is no room for` {
    /// The problem that a request is answered with; nil when it is answered otherwise.
    private func problem<Answer>(_ body: () async throws -> Answer) async throws -> ProblemDocument? {
        do {
            _ = try await body()
            return nil
        } catch HostClientFailure.problem(let problem) {
            return problem
        }
    }

    @Test func `in a terminal that nobody reads is refused, and nothing of that request is written (I8)`() async throws
    {
        try await Fixture.run { fixture in
            let (go, kept) = (fixture.directory.path + "/go", fixture.directory.path + "/kept")
            try Shell.run("mkfifo '\(go)'")
            // It reads nothing until somebody opens the FIFO.
            let session = try await fixture.session(
                try await fixture.workspace(),
                "stty raw -echo; printf ready; read -r count <'\(go)'; head -c $count >'\(kept)'; printf done; exec cat"
            )
            try await SessionReader(fixture.client, session.id).waitFor("ready")
            let part = 200 << 10
            var written: [UInt8] = []
            var refusal: ProblemDocument?
            for number in 1...100 as ClosedRange<UInt8> where refusal == nil {
                let bytes = [UInt8](repeating: number, count: part)
                refusal = try await problem { try await fixture.client.sendInput(bytes, to: session.id) }
                if refusal == nil { written += bytes }
            }
            #expect(refusal?.status == 429)
            #expect(refusal?.code == "input_full")
            #expect(
                refusal?.detail.contains("write \(part) bytes to session \(session.id)") == true,
                "\(String(describing: refusal))")
            #expect(written.count > (1 << 20) - part, "a mebibyte may wait")
            #expect(written.count < (1 << 20) + part, "and what the kernel holds comes to that")
            // A text is refused like bytes are, its Enter with it, and the host goes on.
            let text = String(repeating: "t", count: part)
            #expect(
                try await problem {
                    try await fixture.client.sendText(text, asPaste: false, withEnter: true, to: session.id)
                }?.code == "input_full")
            #expect(try await fixture.client.session(session.id).status == .active)
            // What still fits is taken, right behind what was taken before.
            try await fixture.client.sendInput([0xff, 0xfe], to: session.id)
            written += [0xff, 0xfe]
            try Shell.run("echo \(written.count) >'\(go)'")
            try await SessionReader(fixture.client, session.id).waitFor("done")
            let found = FileManager.default.contents(atPath: kept).map { [UInt8]($0) } ?? []
            #expect(found.count == written.count)
            #expect(zip(found, written).enumerated().first { $1.0 != $1.1 } == nil)
            // Nothing more was in the terminal, and there is room again.
            try await fixture.client.sendInput(Array("the end".utf8), to: session.id)
            try await fixture.eventually("what is typed now comes back") {
                try await fixture.client.output(of: session.id).bytes.suffix(7).elementsEqual("the end".utf8)
            }
            #expect(try await fixture.client.output(of: session.id).bytes == Array("readydonethe end".utf8))
        }
    }

    /// The host is given a place of its own for terminals, with room for three. Only root may mount one.
    @Test(.enabled(if: Ground.isSystem, "only root can mount a devpts with room for few"))
    func `among the terminals is refused, and the next one starts when there is room again (I8, I9)`() async throws {
        var place = try RunningHost.Place()
        place.launcher = [
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
            "mount -t devpts -o newinstance,max=3,ptmxmode=0666,mode=620,gid=5 devpts /dev/pts && exec \"$@\"", "sh",
        ]
        let fixture = try await Fixture.make(place)
        try await fixture.sweeping {
            let workspace = try await fixture.workspace()
            var sessions: [SessionDocument] = []
            for _ in 1...3 { sessions.append(try await fixture.session(workspace, "echo ready; exec sleep 1000")) }
            let before = try fixture.host.descriptorCount()
            for _ in 1...5 {
                let refusal = try await problem { try await fixture.session(workspace, "exec sleep 1000") }
                #expect(refusal?.status == 503)
                #expect(refusal?.code == "pty_exhausted")
                #expect(refusal?.detail.contains("posix_openpt") == true, "\(String(describing: refusal))")
                #expect(refusal?.detail.hasSuffix("no process was started") == true, "\(String(describing: refusal))")
            }
            let active = try await fixture.client.sessions().filter { $0.status == .active }
            #expect(Set(active.map(\.id)) == Set(sessions.map(\.id)))
            #expect(
                Set(try fixture.world.inUnit(workspace.slice).map { Int($0.rawValue) })
                    == Set(sessions.compactMap(\.leaderPid)))
            #expect(try fixture.host.descriptorCount() <= before + 1)
            #expect(try await fixture.client.killSession(sessions[1].id, force: true).outcome == .confirmed)
            let next = try await fixture.session(workspace, "echo ready; exec sleep 1000")
            try await SessionReader(fixture.client, next.id).waitFor("ready")
            #expect(try await problem { try await fixture.session(workspace, "true") }?.code == "pty_exhausted")
        }
    }

    @Test func `among the sessions is refused, and the next one starts when there is room again (I8, I9)`() async throws
    {
        try await Fixture.run(arguments: ["--session-limit", "2"]) { fixture in
            let workspaces = [try await fixture.workspace("one"), try await fixture.workspace("two")]
            let first = try await fixture.session(workspaces[0], "exec sleep 1000")
            _ = try await fixture.session(workspaces[1], "exec sleep 1000")
            for workspace in workspaces {
                let refusal = try await problem { try await fixture.session(workspace, "exec sleep 1000") }
                #expect(refusal?.status == 503)
                #expect(refusal?.code == "limit_reached")
                #expect(
                    refusal?.detail
                        == "start a session in \(workspace.id): 2 sessions are running, which is the limit (SessionLimit= in corral.conf); nothing was started"
                )
            }
            #expect(try await fixture.client.sessions().count == 2, "no row is left of those")
            _ = try await fixture.client.killSession(first.id, force: true)
            _ = try await fixture.session(workspaces[1], "exec sleep 1000")
        }
    }
}
