import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Status and code of what a real host refuses, on every route that can be asked for it.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A request that is refused` {
    /// A request, and what its answer must be.
    private struct Case {
        var method: RequestMethod
        var target: String
        var body: String?
        var status: Int
        var code: String
        var what: String { "\(method.rawValue) \(target) \(body ?? "")" }

        init(_ method: RequestMethod, _ target: String, _ body: String? = nil, _ status: Int, _ code: String) {
            (self.method, self.target, self.body, self.status, self.code) = (method, target, body, status, code)
        }
    }

    /// Asks for all of them, and says for each what its answer was not.
    private func check(_ cases: [Case], _ fixture: Fixture) async throws {
        for one in cases {
            let reply =
                if one.target.split(separator: "?")[0].hasSuffix("/attach") {
                    try UpgradeRequest.answer(to: one.target, of: fixture.host.place.socket)
                } else {
                    try await fixture.client.send(
                        one.method, one.target, body: one.body.map { .json(Array($0.utf8)) })
                }
            #expect(reply.status == one.status, "\(one.what)")
            #expect(reply.mediaType == "application/problem+json", "\(one.what)")
            let problem = try? WireCoding.decode(ProblemDocument.self, from: Data(reply.body))
            #expect(problem?.status == one.status, "\(one.what)")
            #expect(problem?.code == one.code, "\(one.what): \(String(decoding: reply.body, as: UTF8.self))")
            #expect(problem?.detail.isEmpty == false, "\(one.what)")
        }
    }

    /// Sizes that no terminal has, as the fields of a JSON object.
    private static let sizes = [
        #""columns":0,"rows":24"#, #""columns":80,"rows":0"#, #""columns":-1,"rows":24"#, #""columns":80,"rows":-1"#,
        #""columns":1001,"rows":24"#, #""columns":80,"rows":1001"#, #""columns":1e30,"rows":24"#,
        #""columns":80,"rows":1e30"#, #""columns":80"#, #""rows":24"#,
    ]

    @Test func `for a size that no terminal has is an invalid request everywhere, and nothing is done`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            let path = "/v1/sessions/\(session.id)"
            let invalid = (400, "invalid_request")
            var cases: [Case] = []
            for size in Self.sizes {
                let query = size.replacing("\"", with: "").replacing(":", with: "=").replacing(",", with: "&")
                cases += [
                    Case(
                        .post, "/v1/workspaces/\(workspace.id)/sessions",
                        "{\"command\":[\"sleep\",\"1000\"],\"size\":{\(size)}}",
                        invalid.0, invalid.1),
                    Case(.post, "\(path)/resize", "{\(size)}", invalid.0, invalid.1),
                    Case(.get, "\(path)/attach?\(query)", nil, invalid.0, invalid.1),
                ]
            }
            #expect(cases.count == 30)
            try await check(cases, fixture)
            #expect(try await fixture.client.sessions().map(\.id) == [session.id], "none was started")
            #expect(try await fixture.client.session(session.id).attached == 0)
            let screen = try await fixture.client.screen(of: session.id)
            #expect(TerminalSize(columns: screen.columns, rows: screen.rows) == TerminalSize(columns: 120, rows: 32))
            // The bounds themselves are taken.
            for size in [TerminalSize(columns: 1000, rows: 1), TerminalSize(columns: 1, rows: 1000)] {
                try await fixture.client.resizeSession(session.id, to: size)
            }
        }
    }

    /// Every request about one session.
    private static func verbs(on session: String, status: Int, code: String) -> [String: Case] {
        let path = "/v1/sessions/\(session)"
        return [
            "show": Case(.get, path, nil, status, code),
            "attach": Case(.get, "\(path)/attach", nil, status, code),
            "attach in a window": Case(.get, "\(path)/attach?columns=80&rows=24", nil, status, code),
            "attach from a byte": Case(.get, "\(path)/attach?from=0&epoch=1", nil, status, code),
            "input": Case(.post, "\(path)/input", #"{"text":"a"}"#, status, code),
            "paste": Case(.post, "\(path)/input", #"{"text":"a","paste":true,"enter":true}"#, status, code),
            "resize": Case(.post, "\(path)/resize", #"{"columns":80,"rows":24}"#, status, code),
            "screen": Case(.get, "\(path)/screen", nil, status, code),
            "output": Case(.get, "\(path)/output", nil, status, code),
            "wait for exit": Case(.post, "\(path)/wait", #"{"for":"exit"}"#, status, code),
            "wait for output": Case(.post, "\(path)/wait", #"{"for":"output","pattern":"a"}"#, status, code),
            "wait for silence": Case(.post, "\(path)/wait", #"{"for":"idle","idle_seconds":1}"#, status, code),
            "limit": Case(.patch, path, #"{"limits":{"cpu_weight":50}}"#, status, code),
            "kill": Case(.delete, path, nil, status, code),
            "kill by force": Case(.delete, "\(path)?force", nil, status, code),
            "freeze": Case(.post, "\(path)/freeze", nil, status, code),
            "thaw": Case(.post, "\(path)/thaw", nil, status, code),
        ]
    }

    @Test(arguments: ["nosuchone", "NO-ID"])
    func `for a session that is not there says so, whatever was asked of it`(id: String) async throws {
        try await Fixture.run { fixture in
            _ = try await fixture.session(try await fixture.workspace(), "exec sleep 1000")
            let cases = Self.verbs(on: id, status: 404, code: "session_not_found")
            try await check(cases.values.sorted { $0.what < $1.what }, fixture)
        }
    }

    @Test func `for an id that is in use, in whichever workspace, is a conflict, and leaves whose it is alone`()
        async throws
    {
        try await Fixture.run { fixture in
            let (mine, other) = (try await fixture.workspace("one"), try await fixture.workspace("two"))
            let request = CreateSessionRequest(id: "taken", command: ["/bin/sleep", "1000"])
            let session = try await fixture.client.createSession(in: mine.id, request).document
            let same = #"{"command":["/bin/sleep","1000"],"id":"taken"}"#
            let different = #"{"command":["/bin/sleep","1001"],"id":"taken"}"#
            try await check(
                [
                    Case(.post, "/v1/workspaces/\(other.id)/sessions", same, 409, "id_used"),
                    Case(.post, "/v1/workspaces/\(other.id)/sessions", different, 409, "id_used"),
                    Case(.post, "/v1/workspaces/\(mine.id)/sessions", different, 409, "id_used"),
                    Case(.post, "/v1/workspaces/nosuchone/sessions", same, 404, "workspace_not_found"),
                ], fixture)
            let now = try await fixture.client.session("taken")
            #expect(now.status == .active)
            #expect(now.workspace == mine.id)
            #expect(now.leaderPid == session.leaderPid)
            #expect(try fixture.world.inUnit(mine.slice).count == 1)
            #expect(try fixture.world.inUnit(other.slice).isEmpty)
            _ = try await fixture.client.killSession("taken", force: true)
            try await check(
                [
                    Case(.post, "/v1/workspaces/\(mine.id)/sessions", same, 409, "id_used"),
                    Case(.post, "/v1/workspaces/\(other.id)/sessions", same, 409, "id_used"),
                ], fixture)
        }
    }

    @Test(arguments: ["exit 3", "exec sleep 1000"])
    func `for a session that has ended says so, but its output and its end are told`(script: String) async throws {
        try await Fixture.run { fixture in
            let session = try await fixture.session(try await fixture.workspace(), "echo last words; \(script)")
            try await SessionReader(fixture.client, session.id).waitFor("last words")
            if script != "exit 3" { _ = try await fixture.client.killSession(session.id, force: true) }
            _ = try await fixture.client.wait(for: WaitRequest(for: .exit, timeout: 30), in: session.id)
            // The row says so before the terminal is let go of.
            try await fixture.eventually("its terminal is gone") {
                try await Fixture.code { try await fixture.client.sendInput([1], to: session.id) } != nil
            }
            let verbs = Self.verbs(on: session.id, status: 409, code: "session_ended")
            // A thaw has nothing to do where nothing runs any more.
            let told = ["show", "attach", "attach in a window", "attach from a byte", "screen", "output", "thaw"]
            let waits = ["wait for exit", "wait for output", "wait for silence"]
            let refused = verbs.filter { !(told + waits).contains($0.key) }
            #expect(
                refused.keys.sorted() == [
                    "freeze", "input", "kill", "kill by force", "limit", "paste", "resize",
                ])
            try await check(refused.values.sorted { $0.what < $1.what }, fixture)
            for what in verbs.keys where !refused.keys.contains(what) && !what.hasPrefix("attach") {
                let one = try #require(verbs[what])
                let reply = try await fixture.client.send(
                    one.method, one.target, body: one.body.map { .json(Array($0.utf8)) })
                #expect(reply.status == 200, "\(what)")
            }
            let (output, ended) = try await SessionReader(fixture.client, session.id).waitForEnd()
            #expect(output.contains("last words"))
            #expect(ended?.endReason == (script == "exit 3" ? .exited : .killed))
            #expect(try await fixture.client.output(of: session.id).bytes == Array("last words\r\n".utf8))
            #expect(try await fixture.client.screen(of: session.id).lines.first == "last words")
            let code = Locked<Int?>(nil)
            try await AttachedClient(fixture.client, session.id).run(within: .seconds(30)) { event in
                if case .closed(let found) = event { code.withLock { $0 = found } }
                return false
            }
            #expect(code.withLock { $0 } == 1000)
        }
    }

    @Test func `for the output of a session that never ran says that it has ended`() async throws {
        try await Fixture.run { fixture in
            let workspace = try await fixture.workspace()
            let body = #"{"command":["/no/such/program"],"id":"never"}"#
            try await check([Case(.post, "/v1/workspaces/\(workspace.id)/sessions", body, 422, "exec_failed")], fixture)
            let verbs = Self.verbs(on: "never", status: 409, code: "session_ended")
            let told = ["show", "thaw", "wait for exit", "wait for output", "wait for silence"]
            let refused = verbs.filter { !told.contains($0.key) }
            try await check(refused.values.sorted { $0.what < $1.what }, fixture)
            #expect(try await fixture.client.session("never").endReason == .startFailed)
        }
    }
}
