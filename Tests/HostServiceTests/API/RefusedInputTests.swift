import HostProtocol
import NIOHTTP1
import Testing

@testable import HostService

@Suite struct `Input that is not in order` {
    /// Sends a request and expects 400 with this detail, and a host that was not asked.
    private func refuses(
        _ method: String, _ target: String, body: String? = nil, type: String? = nil, _ detail: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await Served.run { served in
            let answer = try await served.client().request(
                method, target, headers: type.map { ["Content-Type": $0] } ?? [:], body: body.map { Array($0.utf8) }
            )
            #expect(answer.status == 400, sourceLocation: sourceLocation)
            #expect(try answer.code == "invalid_request", sourceLocation: sourceLocation)
            #expect(try answer.detail == detail + "; nothing was done", sourceLocation: sourceLocation)
            #expect(served.host.calls == [], sourceLocation: sourceLocation)
        }
    }

    // MARK: Queries

    @Test(arguments: [
        ("GET", "/v1/status?x", #"query: the key "x" is not known here (known: none)"#),
        ("GET", "/v1/workspaces?al", #"query: the key "al" is not known here (known: all)"#),
        ("GET", "/v1/workspaces/abcd?force", #"query: the key "force" is not known here (known: none)"#),
        (
            "DELETE", "/v1/workspaces/abcd?Force",
            #"query: the key "Force" is not known here (known: abandon, delete_branch, dry_run, force, teardown, timeout)"#
        ),
        ("GET", "/v1/workspaces?all=1", #"query: "all" is true, false or bare, and not "1""#),
        ("GET", "/v1/workspaces?all=", #"query: "all" is true, false or bare, and not """#),
        ("GET", "/v1/workspaces?all=TRUE", #"query: "all" is true, false or bare, and not "TRUE""#),
        ("GET", "/v1/workspaces?all&all", #"query: the key "all" is given twice"#),
        ("GET", "/v1/workspaces?%zz", #"query: "%zz" is not percent-encoded UTF-8"#),
        ("GET", "/v1/workspaces?all=%ff", #"query: the value of "all" is not percent-encoded UTF-8"#),
        ("GET", "/v1/sessions?workspace", #"query: "workspace" needs a value"#),
        ("DELETE", "/v1/workspaces/abcd?teardown=no", #"query: "teardown" is run or skip, and not "no""#),
        ("DELETE", "/v1/workspaces/abcd?teardown", #"query: "teardown" needs a value"#),
        (
            "DELETE", "/v1/workspaces/abcd?timeout=3601",
            #"query: "timeout" is a number of seconds from 0 to 3600, and not "3601""#
        ),
        (
            "DELETE", "/v1/workspaces/abcd?timeout=nan",
            #"query: "timeout" is a number of seconds from 0 to 3600, and not "nan""#
        ),
        (
            "DELETE", "/v1/workspaces/abcd?timeout=-1",
            #"query: "timeout" is a number of seconds from 0 to 3600, and not "-1""#
        ),
        ("DELETE", "/v1/sessions/abcd?force=yes", #"query: "force" is true, false or bare, and not "yes""#),
        ("GET", "/v1/sessions/abcd/output?from=-1", #"query: "from" is a whole number, and not "-1""#),
        ("GET", "/v1/sessions/abcd/output?from=%2B1", #"query: "from" is a whole number, and not "+1""#),
        (
            "GET", "/v1/sessions/abcd/output?from=18446744073709551616",
            #"query: "from" is a whole number, and not "18446744073709551616""#
        ),
        ("GET", "/v1/receipts?ws=a", #"query: the key "ws" is not known here (known: workspace)"#),
        ("GET", "/v1/receipts/abcd?x=1", #"query: the key "x" is not known here (known: none)"#),
        ("GET", "/v1/reaper?dry_run", #"query: the key "dry_run" is not known here (known: none)"#),
        ("POST", "/v1/reaper/pass?dry-run", #"query: the key "dry-run" is not known here (known: dry_run, unclaimed)"#),
        ("POST", "/v1/sessions/abcd/input?enter", #"query: the key "enter" is not known here (known: none)"#),
        ("POST", "/v1/sessions/abcd/wait?timeout=1", #"query: the key "timeout" is not known here (known: none)"#),
        ("POST", "/v1/sessions/abcd/resize?x", #"query: the key "x" is not known here (known: none)"#),
        ("POST", "/v1/workspaces?x", #"query: the key "x" is not known here (known: none)"#),
        ("POST", "/v1/workspaces/abcd/sessions?x", #"query: the key "x" is not known here (known: none)"#),
        (
            "GET", "/v1/sessions/abcd/attach?x",
            #"query: the key "x" is not known here (known: columns, epoch, from, idle, read_only, rows)"#
        ),
    ])
    func `is refused in a query, by its key`(method: String, target: String, detail: String) async throws {
        try await refuses(method, target, detail)
    }

    // MARK: Bodies

    static let workspaceFields = "base, branch, expires_in, freeze_idle, id, kind, limits, name, path, repository"

    @Test(arguments: [
        ("", "body: a JSON object is wanted and none came"),
        ("{", "body: this is not JSON"),
        ("\u{0}", "body: this is not JSON"),
        (#"{"repository":"/r"} x"#, "body: this is not JSON"),
        ("[]", "body: it must be an object, and not an array"),
        ("null", "body: it must be an object, and not null"),
        (#""text""#, "body: it must be an object, and not \"text\""),
        (#"{"repositry":"/r"}"#, "body: the field `repositry` is not known (known: \(workspaceFields))"),
        (#"{"repository":1}"#, "body: `repository` must be a text, and not 1"),
        (#"{"repository":["/r"]}"#, "body: `repository` must be a text, and not an array"),
        (#"{"kind":"clone","repository":"/r"}"#, "body: `kind` must be one of worktree, adopted, and not \"clone\""),
        ("{}", "body: `repository` is missing; a worktree needs a repository"),
        (#"{"repository":null}"#, "body: `repository` is missing; a worktree needs a repository"),
        (#"{"repository":""}"#, "body: `repository` is empty"),
        (#"{"repository":"r"}"#, #"body: `repository` is the relative path "r"; it must be absolute"#),
        (#"{"repository":"/r\u0000"}"#, "body: `repository` holds a NUL"),
        (#"{"repository":"/r","path":"/p"}"#, "body: `path` belongs to an adoption; send `kind`: \"adopted\""),
        (
            #"{"repository":"/r","branch":"--upload-pack=x"}"#,
            "body: `branch` begins with \"-\"; git would take it for an option"
        ),
        (#"{"repository":"/r","base":"-x"}"#, "body: `base` begins with \"-\"; git would take it for an option"),
        (#"{"repository":"/r","branch":"a\nb"}"#, "body: `branch` holds a control character"),
        (#"{"repository":"/r","name":"a\u2028b"}"#, "body: `name` holds a control character"),
        (#"{"repository":"/r","name":""}"#, "body: `name` is empty"),
        (#"{"repository":"/r","id":"A"}"#, "body: `id` is \"A\"; an id matches [a-z0-9]{4,32}"),
        (#"{"kind":"adopted"}"#, "body: `path` is missing; an adoption needs a directory"),
        (#"{"kind":"adopted","path":"p"}"#, #"body: `path` is the relative path "p"; it must be absolute"#),
        (
            #"{"kind":"adopted","path":"/p","branch":"b"}"#,
            "body: `branch` belongs to a worktree; an adopted directory is taken as it is"
        ),
    ])
    func `is refused in a workspace's body, by its field`(body: String, detail: String) async throws {
        try await refuses("POST", "/v1/workspaces", body: body, detail)
    }

    static let limitFields = "cpu_quota, cpu_weight, io_weight, memory_high, memory_max, tasks_max"

    @Test(arguments: [
        (#"{"limits":{}}"#, "body: `limits` is empty"),
        (#"{"limits":{"memory":"4G"}}"#, "body: the field `limits.memory` is not known (known: \(limitFields))"),
        (#"{"limits":{"tasks_max":true}}"#, "body: `limits.tasks_max` must be a text or a number, and not true"),
        (
            #"{"limits":{"memory_max":"4 G"}}"#,
            #"body: `limits.memory_max` is "4 G"; a size is wanted, from 1M on, such as 512M, 4G or 1.5G, or infinity"#
        ),
        (
            #"{"limits":{"cpu_quota":0.5}}"#,
            #"body: `limits.cpu_quota` is "0.5"; per cent of one processor are wanted, from 1% on, such as 50% or 200%, or infinity"#
        ),
        (
            #"{"limits":{"tasks_max":0}}"#,
            #"body: `limits.tasks_max` is "0"; a number from 1 to 4194304 is wanted, or infinity"#
        ),
        (
            #"{"limits":{"io_weight":"infinity"}}"#,
            #"body: `limits.io_weight` is "infinity"; a number from 1 to 10000 is wanted, or default"#
        ),
    ])
    func `is refused in a change's body, by its field`(body: String, detail: String) async throws {
        try await refuses("PATCH", "/v1/workspaces/wspace", body: body, detail)
        try await refuses("PATCH", "/v1/sessions/sess1", body: body, detail)
    }

    @Test(arguments: [
        ("workspaces/wspace", "{}", "body: it names nothing that is to be changed"),
        (
            "workspaces/wspace", #"{"name":"n"}"#,
            "body: the field `name` is not known (known: expires_in, freeze_idle, limits)"
        ),
        ("sessions/sess1", "{}", "body: the field `limits` is missing"),
        ("sessions/sess1", #"{"freeze_idle":9}"#, "body: the field `freeze_idle` is not known (known: limits)"),
    ])
    func `is refused in a change that is none`(path: String, body: String, detail: String) async throws {
        try await refuses("PATCH", "/v1/\(path)", body: body, detail)
    }

    static let sessionFields = "command, cwd, env, id, idle_timeout, limits, max_runtime, on_exit, size, title"

    @Test(arguments: [
        ("", "body: a JSON object is wanted and none came"),
        (#"{"onExit":"keep"}"#, "body: the field `onExit` is not known (known: \(sessionFields))"),
        (#"{"on_exit":"stay"}"#, "body: `on_exit` must be one of kill, keep, and not \"stay\""),
        (#"{"command":"sh"}"#, "body: `command` must be an array of texts, and not \"sh\""),
        (#"{"command":["sh",true]}"#, "body: `command[1]` must be a text, and not true"),
        (#"{"command":["sh",["-c"]]}"#, "body: `command[1]` must be a text, and not an array"),
        (#"{"command":{"sh":1}}"#, "body: `command` must be an array of texts, and not an object"),
        (#"{"env":{"A":{}}}"#, "body: `env.A` must be a text, and not an object"),
        (#"{"command":["sh",1]}"#, "body: `command[1]` must be a text, and not 1"),
        (#"{"command":["sh",null]}"#, "body: `command[1]` must be a text, and not null"),
        (#"{"command":["sh","a\u0000"]}"#, "body: `command[1]` holds a NUL"),
        (#"{"command":[""]}"#, "body: `command` names no program: its first item is empty"),
        (#"{"env":["A=1"]}"#, "body: `env` must be an object of texts, and not an array"),
        (#"{"env":{"A":1}}"#, "body: `env.A` must be a text, and not 1"),
        (#"{"env":{"A":"\u0000"}}"#, "body: `env.A` holds a NUL"),
        (#"{"env":{"":"1"}}"#, "body: `env` has the name \"\"; a name matches [A-Za-z_][A-Za-z0-9_]*"),
        (#"{"env":{"A=B":"1"}}"#, "body: `env` has the name \"A=B\"; a name matches [A-Za-z_][A-Za-z0-9_]*"),
        (#"{"env":{"1A":"1"}}"#, "body: `env` has the name \"1A\"; a name matches [A-Za-z_][A-Za-z0-9_]*"),
        (#"{"size":{"columns":80}}"#, "body: the field `size.rows` is missing"),
        (#"{"size":{"columns":80,"rows":25,"x":1}}"#, "body: the field `size.x` is not known (known: columns, rows)"),
        (#"{"size":{"columns":1.5,"rows":25}}"#, "body: `size.columns` must be a whole number, and not 1.5"),
        (#"{"size":{"columns":"80","rows":25}}"#, "body: `size.columns` must be a whole number, and not \"80\""),
        (#"{"size":{"columns":0,"rows":25}}"#, "body: `columns` is 0; a terminal has 1 to 1000"),
        (#"{"size":{"columns":80,"rows":1001}}"#, "body: `rows` is 1001; a terminal has 1 to 1000"),
        (#"{"title":"a\u001bb"}"#, "body: `title` holds a control character"),
        (#"{"cwd":""}"#, "body: `cwd` is empty"),
        (#"{"cwd":"a\u0000"}"#, "body: `cwd` holds a NUL"),
        (#"{"id":"has-dash"}"#, "body: `id` is \"has-dash\"; an id matches [a-z0-9]{4,32}"),
    ])
    func `is refused in a session's body, by its field`(body: String, detail: String) async throws {
        try await refuses("POST", "/v1/workspaces/abcd/sessions", body: body, detail)
    }

    @Test(arguments: [
        ("/v1/sessions/abcd/input", "application/json", "", "body: a JSON object is wanted and none came"),
        ("/v1/sessions/abcd/input", "application/json", "{}", "body: the field `text` is missing"),
        ("/v1/sessions/abcd/input", "application/json", #"{"text":null}"#, "body: `text` must be a text, and not null"),
        ("/v1/sessions/abcd/input", "application/json", #"{"text":7}"#, "body: `text` must be a text, and not 7"),
        (
            "/v1/sessions/abcd/input", "application/json", #"{"text":"a","return":true}"#,
            "body: the field `return` is not known (known: enter, paste, text)"
        ),
        (
            "/v1/sessions/abcd/input", "application/json", #"{"text":"a","paste":1}"#,
            "body: `paste` must be true or false, and not 1"
        ),
        (
            "/v1/sessions/abcd/input", "application/json", #"{"text":""}"#,
            "body: there is nothing to write to the terminal"
        ),
        ("/v1/sessions/abcd/input", "text/plain", "", "body: there is nothing to write to the terminal"),
        ("/v1/sessions/abcd/resize", "application/json", "", "body: a JSON object is wanted and none came"),
        ("/v1/sessions/abcd/resize", "application/json", #"{"columns":80}"#, "body: the field `rows` is missing"),
        (
            "/v1/sessions/abcd/resize", "application/json", #"{"columns":80,"rows":0}"#,
            "body: `rows` is 0; a terminal has 1 to 1000"
        ),
        (
            "/v1/sessions/abcd/resize", "application/json", #"{"columns":1e30,"rows":1}"#,
            "body: `columns` must be a whole number, and not 1e+30"
        ),
    ])
    func `is refused in a terminal's body, by its field`(
        target: String, type: String, body: String, detail: String
    ) async throws {
        try await refuses("POST", target, body: body, type: type, detail)
    }

    @Test(arguments: [
        ("", "body: a JSON object is wanted and none came"),
        ("{}", "body: the field `for` is missing"),
        (#"{"for":"end"}"#, #"body: `for` must be one of exit, output, idle, and not "end""#),
        (
            #"{"for":"exit","until":1}"#,
            "body: the field `until` is not known (known: for, from, idle_seconds, pattern, timeout)"
        ),
        (#"{"for":"exit","timeout":"5"}"#, #"body: `timeout` must be a number, and not "5""#),
        (#"{"for":"exit","timeout":3601}"#, "body: `timeout` is 3601.0; 0 to 3600 seconds are taken"),
        (#"{"for":"exit","timeout":-1}"#, "body: `timeout` is -1.0; 0 to 3600 seconds are taken"),
        (#"{"for":"exit","from":1}"#, "body: `from` means nothing to a wait for exit"),
        (#"{"for":"exit","pattern":"a"}"#, "body: `pattern` means nothing to a wait for exit"),
        (#"{"for":"output","pattern":"a","from":-1}"#, "body: `from` must be a whole number from 0 on, and not -1"),
        (#"{"for":"output","pattern":"a","from":1.5}"#, "body: `from` must be a whole number from 0 on, and not 1.5"),
        (#"{"for":"output"}"#, "body: `pattern` is missing; a wait for output needs a regular expression"),
        (#"{"for":"output","pattern":""}"#, "body: `pattern` is missing; a wait for output needs a regular expression"),
        (#"{"for":"output","pattern":"(a"}"#, "body: `pattern` has a `(` that is not closed (at character 3)"),
        (
            #"{"for":"output","pattern":"a","idle_seconds":1}"#,
            "body: `idle_seconds` means nothing to a wait for output"
        ),
        (
            #"{"for":"idle"}"#,
            "body: `idle_seconds` is missing; a wait for idle needs to know how long nothing may come"
        ),
        (#"{"for":"idle","idle_seconds":3601}"#, "body: `idle_seconds` is 3601.0; 0 to 3600 seconds are taken"),
    ])
    func `is refused in a wait's body, by its field`(body: String, detail: String) async throws {
        try await refuses("POST", "/v1/sessions/abcd/wait", body: body, detail)
    }

    // MARK: Bounds

    @Test func `is bounded in a pattern's size`() {
        #expect(throws: Never.self) { try RequestValidation.pattern(String(repeating: "a", count: 1024)) }
        #expect(
            throws: HostFailure.invalidRequest(
                "body: `pattern` has 1025 bytes; at most 1024 are taken; nothing was done")
        ) { try RequestValidation.pattern(String(repeating: "a", count: 1025)) }
    }

    @Test func `is bounded in number and size`() {
        func check(_ request: CreateSessionRequest) -> String? {
            do throws(HostFailure) {
                try RequestValidation.check(request)
                return nil
            } catch {
                if case .invalidRequest(let detail) = error { return detail }
                return "another failure"
            }
        }
        let item = String(repeating: "x", count: 1023)
        #expect(check(CreateSessionRequest(command: Array(repeating: "x", count: 1000))) == nil)
        #expect(
            check(CreateSessionRequest(command: Array(repeating: "x", count: 1001)))
                == "body: `command` has 1001 items; at most 1000 are taken; nothing was done"
        )
        #expect(check(CreateSessionRequest(command: Array(repeating: item, count: 128))) == nil)
        #expect(
            check(CreateSessionRequest(command: Array(repeating: item, count: 128) + [""]))
                == "body: `command` has 131073 bytes; at most 131072 are taken; nothing was done"
        )
        func variables(_ count: Int) -> [String: String] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("V\($0)", "") })
        }
        #expect(check(CreateSessionRequest(env: variables(500))) == nil)
        #expect(
            check(CreateSessionRequest(env: variables(501)))
                == "body: `env` has 501 variables; at most 500 are taken; nothing was done"
        )
        #expect(check(CreateSessionRequest(env: ["A": String(repeating: "x", count: 131_069)])) == nil)
        #expect(
            check(CreateSessionRequest(env: ["A": String(repeating: "x", count: 131_070)]))
                == "body: `env.A` is too long; at most 131072 bytes are taken; nothing was done"
        )
        #expect(check(CreateSessionRequest(title: String(repeating: "x", count: 255))) == nil)
        #expect(
            check(CreateSessionRequest(title: String(repeating: "x", count: 256)))
                == "body: `title` has 256 bytes; at most 255 are taken; nothing was done"
        )
        #expect(check(CreateSessionRequest(cwd: String(repeating: "x", count: 4095))) == nil)
        #expect(
            check(CreateSessionRequest(cwd: String(repeating: "x", count: 4096)))
                == "body: `cwd` has 4096 bytes; a path has at most 4095; nothing was done"
        )
    }

    // A field that is added to a request and not to its shape would be refused for ever.
    @Test func `is held against shapes that know every field of the wire`() throws {
        let limits = LimitsRequest(
            memoryMax: LimitValue("1G"), memoryHigh: LimitValue("1G"), cpuQuota: LimitValue("50%"),
            cpuWeight: LimitValue("1"), tasksMax: LimitValue("9"), ioWeight: LimitValue("1"))
        let workspace = CreateWorkspaceRequest(
            kind: .worktree, repository: "/r", branch: "b", base: "c", path: "/p", name: "n", id: "abcd",
            limits: limits, freezeIdle: 60, expiresIn: 60
        )
        #expect(
            try CreateWorkspace.shape.read(CreateWorkspaceRequest.self, from: Array(WireCoding.encode(workspace)))
                == workspace
        )
        let session = CreateSessionRequest(
            title: "t", cwd: "c", env: ["A_B": "1"], size: TerminalSize(columns: 1, rows: 2), onExit: .kill, id: "abcd",
            command: ["sh"], limits: limits, maxRuntime: 60, idleTimeout: 60
        )
        #expect(
            try CreateSession.shape.read(CreateSessionRequest.self, from: Array(WireCoding.encode(session))) == session
        )
        let change = ChangeRequest(limits: limits, freezeIdle: 60, expiresIn: 60)
        #expect(try ChangeWorkspace.shape.read(ChangeRequest.self, from: Array(WireCoding.encode(change))) == change)
        let wait = WaitRequest(for: .output, pattern: "p", idleSeconds: 1.5, timeout: 2, from: .max)
        #expect(try WaitForSession.shape.read(WaitRequest.self, from: Array(WireCoding.encode(wait))) == wait)
        let input = InputRequest(text: "t", paste: true, enter: false)
        #expect(try SendInput.shape.read(InputRequest.self, from: Array(WireCoding.encode(input))) == input)
        for subject in [workspace, session, change, wait, input, limits].map({ Mirror(reflecting: $0 as Any) }) {
            for child in subject.children {
                #expect("\(child.value)" != "nil", "\(child.label ?? "") is not filled in")
            }
        }
    }
}
