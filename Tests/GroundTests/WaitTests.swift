import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A wait` {
    /// A shell that echoes nothing and says so once it is ready for lines to run.
    private static let shell = "stty -echo; echo ready; while read -r line; do eval \"$line\"; done"

    private func wait(
        _ fixture: Fixture, _ session: SessionDocument, _ event: WaitRequest.Event, _ pattern: String? = nil,
        idle: Double? = nil, timeout: Double = 30, from: UInt64? = nil
    ) async throws -> WaitDocument {
        try await fixture.client.wait(
            for: WaitRequest(for: event, pattern: pattern, idleSeconds: idle, timeout: timeout, from: from),
            in: session.id)
    }

    private func readyShell(_ fixture: Fixture) async throws -> SessionDocument {
        let session = try await fixture.session(try await fixture.workspace(), Self.shell)
        #expect(try await wait(fixture, session, .output, "^ready$").outcome == .matched)
        return session
    }

    private func send(_ line: String, _ fixture: Fixture, _ session: SessionDocument) async throws {
        try await fixture.client.sendText(line, asPaste: true, withEnter: true, to: session.id)
    }

    // MARK: The end

    @Test func `for the end tells the exit code, also of a command that has ended long before`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "sleep 0.2; exit 7")
            let exit = SessionDocument.Exit(code: 7, signal: nil)
            for _ in 0..<2 {
                let document = try await wait(fixture, session, .exit)
                #expect(document.outcome == .exited)
                #expect(document.exit == exit)
                #expect(document.endReason == .exited)
            }
            #expect(try await fixture.client.session(session.id).exit == exit)
            #expect(try await wait(fixture, session, .exit, timeout: 0).exit == exit, "that is there already")
        }
    }

    @Test func `for the end of a command that ends at once finds it`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            for code in 0..<20 {
                let session = try await fixture.session(workspace, "exit \(code)")
                #expect(try await wait(fixture, session, .exit).exit?.code == code)
            }
        }
    }

    @Test func `for the end tells of signals and kills`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let signalled = try await fixture.session(workspace, "kill -9 $$")
            let first = try await wait(fixture, signalled, .exit)
            #expect(first.exit == SessionDocument.Exit(code: nil, signal: 9))
            #expect(first.endReason == .signalled)
            let killed = try await fixture.session(workspace, "exec sleep 1000")
            async let second = wait(fixture, killed, .exit)
            _ = try await fixture.client.killSession(killed.id)
            #expect(try await second.outcome == .exited)
            #expect(try await second.endReason == .killed)
        }
    }

    @Test func `for the end is over when the leader is, whoever is kept`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(), "setsid sleep 1000 >/dev/null 2>&1 </dev/null & sleep 0.3; exit 3",
                onExit: .keep)
            let document = try await wait(fixture, session, .exit)
            #expect(document.exit?.code == 3)
            #expect(try await fixture.client.session(session.id).members ?? 0 >= 1)
        }
    }

    // MARK: Output

    @Test func `for output cannot miss the answer to what was sent before it`() async throws {
        try await Fixture.run { fixture in
            let session = try await readyShell(fixture)
            for round in 1...20 {
                try await send("echo answer \(round)", fixture, session)
                if round.isMultiple(of: 2) { try await Task.sleep(for: .milliseconds(20)) }
                let document = try await wait(fixture, session, .output, "^answer")
                #expect(document.line == "answer \(round)", "not an earlier one, and not none")
            }
        }
    }

    @Test func `for output takes a prompt, and a line of a text that is coloured`() async throws {
        try await Fixture.run { fixture in
            let session = try await readyShell(fixture)
            try await send(#"printf '\033[1;32mada\033[0m@host$ '; sleep 1000"#, fixture, session)
            #expect(try await wait(fixture, session, .output, #"^ada@host\$ $"#).line == "ada@host$ ")
        }
    }

    @Test func `for output that came before looks at what is held, from the byte that is asked for`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(), "echo one; echo two; echo ready; exec sleep 1000")
            let one = try await wait(fixture, session, .output, "^(one|two)$")
            #expect(one.line == "one")
            #expect(one.seq == 5)
            let two = try await wait(fixture, session, .output, "^(one|two)$", from: one.seq)
            #expect(two.line == "two")
            #expect(two.seq == 10)
            let none = try await wait(fixture, session, .output, "^(one|two)$", timeout: 0.2, from: two.seq)
            #expect(none.outcome == .timedOut)
            #expect(none.missed == 0)
        }
    }

    @Test func `for output says when its time is up, and not before`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(), "while :; do echo no; printf unfinished; sleep 0.05; echo; done")
            let began = ContinuousClock.now
            let document = try await wait(fixture, session, .output, "^yes$", timeout: 1)
            #expect(document.outcome == .timedOut)
            #expect(document.line == nil)
            #expect(.now - began >= .seconds(1))
            #expect(.now - began < .seconds(20))
            #expect(try await wait(fixture, session, .output, "^no$", timeout: 0).outcome == .matched)
        }
    }

    @Test func `for output ends with the session`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(try await fixture.workspace(), "echo hello; sleep 0.3; exit 4")
            let document = try await wait(fixture, session, .output, "never")
            #expect(document.outcome == .ended)
            #expect(document.exit?.code == 4)
            #expect(document.endReason == .exited)
            #expect(try await wait(fixture, session, .output, "^hello").outcome == .matched, "its output is held")
            #expect(try await wait(fixture, session, .output, "never").outcome == .ended)
            #expect(try await wait(fixture, session, .idle, idle: 60).outcome == .ended)
        }
    }

    @Test func `for output of a command that ends at once sees all of it`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            for round in 0..<20 {
                let session = try await fixture.session(workspace, "echo first; echo last \(round)")
                #expect(try await wait(fixture, session, .output, "^last").line == "last \(round)")
            }
        }
    }

    /// More than a reader may be behind comes while the one line is being searched that takes long.
    @Test func `for output of a flood goes on with what is held, and counts what it missed`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(),
                "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo the end; exec sleep 1000")
            let document = try await wait(fixture, session, .output, "^the end$", timeout: 120)
            #expect(document.outcome == .matched)
            let output = try await fixture.client.output(of: session.id)
            #expect(output.bytes.suffix(9) == Array("the end\r\n".utf8)[...])
            #expect(document.missed < output.next)
        }
    }

    // MARK: Silence

    @Test func `for silence outlasts what still comes`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(),
                "for i in 1 2 3 4 5; do echo $i; sleep 0.2; done; echo done; exec sleep 1000")
            let document = try await wait(fixture, session, .idle, idle: 1)
            #expect(document.outcome == .idle)
            #expect(document.seq == 21, "all of it came before")
            let began = ContinuousClock.now
            #expect(try await wait(fixture, session, .idle, idle: 0.5).outcome == .idle)
            #expect(.now - began >= .milliseconds(500), "counted from the request on")
            // Symptom: a wait for a silence longer than its timeout kept a processor busy until then. Cause: only output ended it.
            #expect(try await wait(fixture, session, .idle, idle: 20, timeout: 0.5).outcome == .timedOut)
        }
    }

    @Test func `for silence that does not come says so`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(), "while :; do echo no; sleep 0.05; done")
            #expect(try await wait(fixture, session, .idle, idle: 5, timeout: 1).outcome == .timedOut)
        }
    }

    // MARK: What must not be

    @Test func `with a pattern that is none is refused`() async throws {
        try await Fixture.run { fixture in
            let session = try await readyShell(fixture)
            do {
                _ = try await wait(fixture, session, .output, "(oops")
                Issue.record("it was taken")
            } catch HostClientFailure.problem(let problem) {
                #expect(problem.status == 400)
                #expect(
                    problem.detail == "body: `pattern` has a `(` that is not closed (at character 6); nothing was done")
            }
            #expect(
                try await Fixture.code { try await wait(fixture, session, .output, #"(a)\1"#) } == "invalid_request")
            var unknown = session
            unknown.id = "nosuchid"
            for event in [WaitRequest.Event.exit, .output, .idle] {
                let answer = try await Fixture.code {
                    try await wait(
                        fixture, unknown, event, event == .output ? "a" : nil, idle: event == .idle ? 1 : nil)
                }
                #expect(answer == "session_not_found")
            }
        }
    }

    /// Patterns on which other engines do not end in this life, and one that is slow with ours.
    @Test func `with a pathological pattern hurts nobody, and ends in its time (I8)`() async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(
                try await fixture.workspace(),
                "stty -echo; head -c 60000 /dev/zero | tr '\\0' a; echo; echo ready; while read line; do echo \"got $line\"; done"
            )
            #expect(try await wait(fixture, session, .output, "^ready$").outcome == .matched)
            let patterns = ["(a+)+$!", "(a|aa)+$!", "(.*a){100}!", "(.{1,40}){1,40}!"]
            try await withThrowingTaskGroup(of: WaitDocument.self) { group in
                for pattern in patterns + patterns {
                    group.addTask { try await wait(fixture, session, .output, pattern, timeout: 3) }
                }
                for round in 1...10 {
                    let began = ContinuousClock.now
                    try await fixture.client.sendInput(Array("\(round)\n".utf8), to: session.id)
                    #expect(try await fixture.client.status().sessions == 1)
                    try await SessionReader(fixture.client, session.id).waitFor("got \(round)")
                    #expect(.now - began < .seconds(5))
                }
                for try await document in group { #expect(document.outcome == .timedOut) }
            }
        }
    }

    @Test func `whose client goes away leaves nothing behind`() async throws {
        try await Fixture.run { fixture in
            let session = try await readyShell(fixture)
            let before = try (sockets: fixture.host.socketCount(), threads: fixture.host.threadCount())
            let waits = (0..<50).map { index in
                Task {
                    switch index % 3 {
                    case 0: try await wait(fixture, session, .exit, timeout: 3600)
                    case 1: try await wait(fixture, session, .output, "never", timeout: 3600)
                    default: try await wait(fixture, session, .idle, idle: 3600, timeout: 3600)
                    }
                }
            }
            // Connections of before may still go meanwhile, an attached client's with two descriptors.
            try await eventually("the waits are under way") { try fixture.host.socketCount() >= before.sockets + 45 }
            #expect(try await fixture.client.session(session.id).attached == 0, "they are no clients")
            for wait in waits { wait.cancel() }
            for wait in waits { await #expect(throws: (any Error).self) { try await wait.value } }
            try await eventually("nothing of the waits is left") {
                try fixture.host.socketCount() <= before.sockets && fixture.host.threadCount() <= before.threads + 8
            }
            try await send("echo still here", fixture, session)
            #expect(try await wait(fixture, session, .output, "^still here$").outcome == .matched)
        }
    }

    @Test func `does not hold the host up when it stops`() async throws {
        let fixture = try await Fixture.make()
        let session = try await readyShell(fixture)
        async let waiting = Fixture.code { try await wait(fixture, session, .output, "never", timeout: 3600) }
        try await Task.sleep(for: .milliseconds(200))
        let began = ContinuousClock.now
        try await fixture.end()
        #expect(.now - began < .seconds(4), "an open request would be given 5 s")
        // Whether the session ended first or the wait was told is the stop's to choose.
        _ = try? await waiting
    }

    // MARK: Input

    @Test func `for what was pasted sees the text and Enter arrive`() async throws {
        try await Fixture.run { fixture in
            let session = try await readyShell(fixture)
            try await fixture.client.sendText(
                "echo 'a\u{1b}[201~b' | od -c", asPaste: true, withEnter: true, to: session.id)
            let document = try await wait(fixture, session, .output, #"a .*b"#)
            #expect(
                document.line?.contains("a 033   [   2   0   1   ~   b") == true, "no paste was asked for: as it is")
        }
    }

    // MARK: The command line

    @Test func `and its fellows on the command line`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            func corral(_ line: String) throws -> (status: Int, output: String) {
                let text = try Shell.run(
                    "set +e; \(Ground.programs)/corral \(line) 2>&1; echo \"status $?\"",
                    environment: ["CORRAL_SOCKET": fixture.host.place.socket])
                let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
                    .dropLast()
                let status = lines.last?.split(separator: " ").last.flatMap { Int($0) }
                return (status ?? -1, lines.dropLast().joined(separator: "\n"))
            }
            let id = try corral("session create \(workspace.id) -- sh -c 'echo hello; exit 7'").output
            #expect(try corral("session wait \(id) --exit") == (0, "status 7"))
            #expect(try corral("session wait \(id) --output '^hel'") == (0, "hello"))
            #expect(
                try corral("session wait \(id) --output nothing")
                    == (1, "corral: session \(id) has ended (status 7), and it has not happened"))
            #expect(try corral("session logs \(id)") == (0, "hello"))
            #expect(try corral("session logs \(id) --follow --from 3") == (0, "lo"))
            let shown = try corral("session show \(id) --json").output
            #expect(try WireCoding.decode(SessionDocument.self, from: shown).exit?.code == 7)

            let cat = try corral("session create \(workspace.id) -- cat").output
            #expect(
                try corral("session wait \(cat) --output nothing --timeout 0.2")
                    == (124, "corral: session \(cat): it did not happen in 0.2 s"))
            #expect(try corral("session wait \(cat) --idle 0.1") == (0, ""))
            #expect(try corral("session wait \(cat) --output '('").status == 64)
            #expect(try corral("session send \(cat) 'some text'") == (0, ""))
            #expect(try corral("session wait \(cat) --output '^some'") == (0, "some text"))
            let document = try corral("session wait \(cat) --idle 0.1 --json").output
            #expect(try WireCoding.decode(WaitDocument.self, from: document).outcome == .idle)
            let text = fixture.host.place.directory.path + "/text"
            // A newline at its end is no second Enter.
            try Shell.run("printf 'from stdin\n' >'\(text)'")
            #expect(try corral("session send \(cat) <'\(text)'") == (0, ""))
            #expect(try corral("session wait \(cat) --output '^from stdin'") == (0, "from stdin"))
            #expect(try corral("session send \(cat) </dev/null").status == 64)
            try Shell.run("printf 'of two\r\nlines\r\n' >'\(text)'")
            #expect(try corral("session send \(cat) <'\(text)' --json").output.contains("\"bytes\":13"))
            #expect(try corral("session wait \(cat) --output '^lines$'") == (0, "lines"))
            try Shell.run("printf '\\377' >'\(text)'")
            #expect(try corral("session send \(cat) <'\(text)'").output.contains("no text in UTF-8"))
            try Shell.run("head -c 600000 /dev/zero | tr '\\0' x >'\(text)'")
            #expect(try corral("session send \(cat) <'\(text)'").status == 64)
            #expect(try corral("session send \(cat) --no-enter $(printf '\\004')") == (0, ""))
            #expect(try corral("session wait \(cat) --exit") == (0, "status 0"))
        }
    }

    private func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = Deadline.after(.seconds(60))
        while try await !isSo() {
            if deadline.hasPassed { throw RunningHost.Trouble(description: "not within 60 s: \(what)") }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
