import CgroupPty
import HostProtocol
import Testing

@testable import HostService

@Suite struct `A route` {
    @Test(
        arguments: [
            ("GET", "/v1/status", 200, "status"),
            ("GET", "/v1/workspaces", 200, "workspaces all=false"),
            ("GET", "/v1/workspaces?all", 200, "workspaces all=true"),
            ("GET", "/v1/workspaces?all=false", 200, "workspaces all=false"),
            ("GET", "/v1/workspaces/wspace", 200, "workspace wspace"),
            ("POST", "/v1/workspaces/wspace/freeze", 200, "freeze workspace wspace"),
            ("POST", "/v1/workspaces/wspace/thaw", 200, "thaw workspace wspace"),
            ("POST", "/v1/sessions/sess1/freeze", 200, "freeze session sess1"),
            ("POST", "/v1/sessions/sess1/thaw", 200, "thaw session sess1"),
            ("GET", "/v1/sessions", 200, "sessions -"),
            ("GET", "/v1/sessions?workspace=wspace", 200, "sessions wspace"),
            ("GET", "/v1/sessions/sess1", 200, "session sess1"),
            ("DELETE", "/v1/sessions/sess1", 200, "kill sess1 force=false"),
            ("DELETE", "/v1/sessions/sess1?force=true", 200, "kill sess1 force=true"),
            ("GET", "/v1/ports", 200, "ports -"),
            ("GET", "/v1/ports?workspace=wspace", 200, "ports wspace"),
            ("DELETE", "/v1/ports?workspace=wspace&port=3000", 200, "close wspace 3000 - force=false"),
            (
                "DELETE", "/v1/ports?workspace=wspace&port=65535&protocol=udp&force", 200,
                "close wspace 65535 udp force=true"
            ),
            ("GET", "/v1/receipts", 200, "receipts -"),
            ("GET", "/v1/receipts?workspace=wspace", 200, "receipts wspace"),
            ("GET", "/v1/receipts/r-A_1", 200, "receipt r-A_1"),
            ("POST", "/v1/reaper/pass", 200, "reap dry=false unclaimed=false"),
            ("POST", "/v1/reaper/pass?dry_run&unclaimed=true", 200, "reap dry=true unclaimed=true"),
            ("GET", "/v1/reaper", 200, "reaper"),
            ("GET", "/v1/stats", 200, "stats all"),
            ("GET", "/v1/stats?workspace=wspace", 200, "stats wspace"),
            ("GET", "/v1/load", 200, "load all"),
            ("GET", "/v1/load?sessions_of=", 200, "load all sessions of []"),
            (
                "GET", "/v1/load?workspace=wspace&sessions_of=wspace,wother", 200,
                #"load wspace sessions of ["wspace", "wother"]"#
            ),
            ("GET", "/metrics", 200, "stats all"),
            ("GET", "/v1/workspaces/wspace/disk", 200, "diskUsage wspace 10.0 seconds"),
            ("GET", "/v1/workspaces/wspace/disk?timeout=0.5", 200, "diskUsage wspace 0.5 seconds"),
            ("GET", "/v1/sessions/sess1/output", 200, "output sess1 from=-"),
            (
                "GET", "/v1/sessions/sess1/output?from=18446744073709551615", 200,
                "output sess1 from=18446744073709551615"
            ),
        ] as [(String, String, Int, String)])
    func `asks the host and answers`(method: String, target: String, status: Int, call: String) async throws {
        try await Served.run { served in
            // The last position there is has no bytes after it.
            served.host.set { $0.output.from = 0 }
            let answer = try await served.client().request(method, target)
            #expect(answer.status == status)
            #expect(served.host.calls == [call])
        }
    }

    @Test func `answers with the host's documents`() async throws {
        try await Served.run { served in
            let client = try served.client()
            func get<Document: Decodable>(_ target: String, _ type: Document.Type) async throws -> Document {
                let answer = try await client.request("GET", target)
                #expect(answer.headers["content-type"] == "application/json")
                return try answer.document(type)
            }
            #expect(try await get("/v1/status", StatusDocument.self) == APIFixtures.status)
            #expect(try await get("/v1/workspaces", [WorkspaceDocument].self) == [APIFixtures.workspace()])
            #expect(try await get("/v1/workspaces/abcd", WorkspaceDocument.self) == APIFixtures.workspace(id: "abcd"))
            #expect(try await get("/v1/sessions", [SessionDocument].self) == [APIFixtures.session()])
            #expect(try await get("/v1/sessions/abcd", SessionDocument.self) == APIFixtures.session(id: "abcd"))
            #expect(try await get("/v1/ports", PortListDocument.self) == APIFixtures.ports)
            #expect(try await get("/v1/receipts", [ReceiptDocument].self) == [APIFixtures.receipt()])
            #expect(try await get("/v1/receipts/rcpt1", ReceiptDocument.self) == APIFixtures.receipt())
            #expect(try await get("/v1/reaper", ReaperDocument.self) == APIFixtures.reaper)
        }
    }

    @Test func `that changes limits takes texts and numbers`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let body = Array(#"{"limits":{"memory_max":"4G","tasks_max":512,"cpu_quota":"infinity"}}"#.utf8)
            for (target, call) in [
                ("/v1/workspaces/wspace", "changeWorkspace wspace"), ("/v1/sessions/sess1", "changeSession sess1"),
            ] {
                #expect(try await client.request("PATCH", target, body: body).status == 200)
                #expect(served.host.calls.last == call)
                let change = try served.host.now.change?.limits?.change()
                #expect(change?.values == [.memoryMax: 4 << 30, .tasksMax: 512, .cpuQuota: nil])
            }
        }
    }

    // MARK: Creation

    @Test func `that creates a workspace tells where it is`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let made = try await client.request(
                "POST", "/v1/workspaces", body: Array(#"{"repository":"/r","branch":"b"}"#.utf8))
            #expect(made.status == 201)
            #expect(made.headers["location"] == "/v1/workspaces/wspace")
            #expect(
                served.host.now.createdWorkspace
                    == CreateWorkspaceRequest(repository: "/r", branch: "b")
            )
            let chosen = try await client.request(
                "POST", "/v1/workspaces", body: Array(#"{"kind":"adopted","path":"/p","id":"mine1"}"#.utf8)
            )
            #expect(chosen.status == 200, "it may have been there before")
            #expect(chosen.headers["location"] == "/v1/workspaces/mine1")
        }
    }

    @Test func `that creates a session passes all fields on as they are`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let body = """
                {"title":"t","cwd":"sub","env":{"MY_VAR":"a b","lower_case":""},"size":{"columns":80,"rows":25},\
                "on_exit":"keep","id":null,"command":["sh","-c","echo"],"max_runtime":60,"idle_timeout":30}
                """
            let made = try await client.request("POST", "/v1/workspaces/wspace/sessions", body: Array(body.utf8))
            #expect(made.status == 201)
            #expect(made.headers["location"] == "/v1/sessions/sess1")
            #expect(
                served.host.now.createdSession
                    == CreateSessionRequest(
                        title: "t", cwd: "sub", env: ["MY_VAR": "a b", "lower_case": ""],
                        size: TerminalSize(columns: 80, rows: 25), onExit: .keep, command: ["sh", "-c", "echo"],
                        maxRuntime: 60, idleTimeout: 30
                    )
            )
            let chosen = try await client.request(
                "POST", "/v1/workspaces/wspace/sessions", body: Array(#"{"id":"mine1"}"#.utf8)
            )
            #expect(chosen.status == 200)
            #expect(try chosen.document(SessionDocument.self).id == "mine1")
        }
    }

    @Test func `that changes a workspace passes on what is named, and refuses what is not known`() async throws {
        try await Served.run { served in
            let client = try served.client()
            func patch(_ body: String) async throws -> RawClient.Response {
                try await client.request("PATCH", "/v1/workspaces/wspace", body: Array(body.utf8))
            }
            #expect(try await patch(#"{"freeze_idle":1800}"#).status == 200)
            #expect(served.host.now.change == ChangeRequest(freezeIdle: 1800))
            #expect(try await patch(#"{"expires_in":0}"#).status == 200)
            #expect(served.host.now.change == ChangeRequest(expiresIn: 0))
            for body in [
                #"{"freeze_idle":-1}"#, #"{"freeze_idle":2678401}"#, #"{"freeze_idle":1.5}"#, #"{"freeze":1}"#, "{}",
                #"{"expires_in":-1}"#, #"{"expires_in":316224001}"#,
            ] {
                let refused = try await patch(body)
                #expect(refused.status == 400, "\(body)")
                #expect(try refused.code == "invalid_request")
            }
            #expect(served.host.calls == ["changeWorkspace wspace", "changeWorkspace wspace"])
        }
    }

    // MARK: Ends

    @Test func `that deletes a workspace passes its options on`() async throws {
        try await Served.run { served in
            let client = try served.client()
            _ = try await client.request("DELETE", "/v1/workspaces/wspace")
            _ = try await client.request(
                "DELETE", "/v1/workspaces/wspace?force&delete_branch=true&teardown=skip&abandon&dry_run&timeout=1.5"
            )
            #expect(
                served.host.calls == [
                    "delete wspace force=false branch=false teardown=run abandon=false dry=false timeout=-",
                    "delete done",
                    "delete wspace force=true branch=true teardown=skip abandon=true dry=true timeout=1.5",
                    "delete done",
                ]
            )
        }
    }

    @Test(
        arguments: [
            (.deleted, .confirmed, 200), (.planned, .unknown, 200), (.deleting, .unknown, 202),
            (.deleting, .unkillable, 202),
            (.deleted, .escaped, 202), (.deleted, .unkillable, 202), (.deleted, .unknown, 202),
        ] as [(ReceiptDocument.State, OutcomeDocument, Int)])
    func `that deletes answers 200 only for what the kernel confirmed, and for plans`(
        state: ReceiptDocument.State, outcome: OutcomeDocument, status: Int
    ) async throws {
        try await Served.run { served in
            served.host.set { $0.receipt = APIFixtures.receipt(state, outcome) }
            let answer = try await served.client().request("DELETE", "/v1/workspaces/wspace")
            #expect(answer.status == status)
            #expect(try answer.document(ReceiptDocument.self) == APIFixtures.receipt(state, outcome))
        }
    }

    @Test(arguments: [(true, 200), (false, 202), (nil, 202)] as [(Bool?, Int)])
    func `that closes a port answers 200 only when it was seen to be closed (I3)`(
        closed: Bool?, status: Int
    ) async throws {
        try await Served.run { served in
            served.host.set { $0.portCloses = closed }
            let answer = try await served.client().request("DELETE", "/v1/ports?workspace=wspace&port=3000")
            #expect(answer.status == status)
            #expect(try answer.document(PortEndDocument.self) == APIFixtures.portEnd(closed: closed))
        }
    }

    @Test(arguments: [
        "", "?port=1", "?workspace=wspace", "?workspace=wspace&port=0", "?workspace=wspace&port=65536",
        "?workspace=wspace&port=x", "?workspace=wspace&port=1&protocol=sctp",
    ])
    func `that closes a port asks for a workspace and a port that there can be`(query: String) async throws {
        try await Served.run { served in
            let answer = try await served.client().request("DELETE", "/v1/ports\(query)")
            #expect(try answer.status == 400 && answer.code == "invalid_request")
            #expect(served.host.calls.isEmpty)
        }
    }

    @Test func `that deletes says why a workspace was kept`() async throws {
        try await Served.run { served in
            served.host.set { $0.receipt = APIFixtures.receipt(.kept, .confirmed, detail: "teardown exited with 3") }
            let answer = try await served.client().request("DELETE", "/v1/workspaces/wspace")
            #expect(answer.status == 409)
            #expect(try answer.code == "kept")
            #expect(
                try answer.detail
                    == "delete workspace wspace: teardown exited with 3; the workspace was kept (receipt rcpt1)"
            )
        }
    }

    @Test(
        arguments: [(.confirmed, 200), (.escaped, 202), (.unkillable, 202), (.unknown, 202)] as [(OutcomeDocument, Int)]
    )
    func `that kills answers 200 only for what the kernel confirmed`(outcome: OutcomeDocument, status: Int) async throws
    {
        try await Served.run { served in
            served.host.set { $0.end = APIFixtures.end(outcome) }
            let answer = try await served.client().request("DELETE", "/v1/sessions/sess1")
            #expect(answer.status == status)
            #expect(try answer.document(SessionEndDocument.self) == APIFixtures.end(outcome))
        }
    }

    // MARK: Terminals

    @Test func `that writes to a terminal takes text and bytes`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let target = "/v1/sessions/sess1/input"
            func input() -> [UInt8] { served.host.now.input.bytes }
            let json = try await client.request(
                "POST", target, headers: ["Content-Type": "Application/JSON; charset=utf-8"],
                body: Array(#"{"text":"é\u0000\n"}"#.utf8)
            )
            #expect(json.status == 204)
            #expect(json.headers["content-length"] == nil)
            #expect(input() == Array("é\0\n".utf8))
            for type in ["application/octet-stream", "text/plain", nil] {
                let raw = try await client.request(
                    "POST", target, headers: type.map { ["Content-Type": $0] } ?? [:], body: [0, 255, 123]
                )
                #expect(raw.status == 204)
                #expect(input() == [0, 255, 123])
            }
        }
    }

    @Test func `that writes to a terminal passes on how the text is meant`() async throws {
        try await Served.run { served in
            let client = try served.client()
            for (body, input) in [
                (
                    #"{"text":"a","paste":true,"enter":true}"#,
                    TerminalInput(bytes: [0x61], isPaste: true, withEnter: true)
                ),
                (#"{"text":"","enter":true}"#, TerminalInput(bytes: [], withEnter: true)),
                (#"{"text":"a","paste":false,"enter":null}"#, TerminalInput(bytes: [0x61])),
            ] {
                let answer = try await client.request(
                    "POST", "/v1/sessions/sess1/input", headers: ["Content-Type": "application/json"],
                    body: Array(body.utf8))
                #expect(answer.status == 204)
                #expect(served.host.now.input == input)
            }
        }
    }

    @Test(arguments: [
        (#"{"for":"exit"}"#, WaitRequest(for: .exit)),
        (
            #"{"for":"output","pattern":"^a","timeout":0,"from":18446744073709551615}"#,
            WaitRequest(for: .output, pattern: "^a", timeout: 0, from: .max)
        ),
        (
            #"{"for":"idle","idle_seconds":0.5,"timeout":3600}"#,
            WaitRequest(for: .idle, idleSeconds: 0.5, timeout: 3600)
        ),
    ])
    func `that waits passes on what is waited for`(body: String, request: WaitRequest) async throws {
        try await Served.run { served in
            let document = WaitDocument(
                outcome: .matched, exit: .init(code: 3, signal: nil), endReason: .exited, line: "x", seq: 9, missed: 1)
            served.host.set { $0.waited = document }
            let answer = try await served.client().request("POST", "/v1/sessions/sess1/wait", body: Array(body.utf8))
            #expect(answer.status == 200)
            #expect(try answer.document(WaitDocument.self) == document)
            #expect(served.host.now.wait == request)
            #expect(served.host.calls == ["wait sess1"])
        }
    }

    @Test func `that waits tells with nulls what it does not know`() async throws {
        try await Served.run { served in
            let answer = try await served.client().request(
                "POST", "/v1/sessions/sess1/wait", body: Array(#"{"for":"exit"}"#.utf8))
            #expect(
                answer.text
                    == #"{"end_reason":null,"exit":null,"line":null,"missed":0,"outcome":"timed_out","seq":null}"#)
        }
    }

    @Test func `that resizes takes sizes that terminals have`() async throws {
        try await Served.run { served in
            let answer = try await served.client().request(
                "POST", "/v1/sessions/sess1/resize", body: Array(#"{"columns":1000,"rows":1}"#.utf8)
            )
            #expect(answer.status == 204)
            #expect(served.host.calls == ["resize sess1 1000x1"])
        }
    }

    @Test func `that reads output tells where the bytes stand`() async throws {
        try await Served.run { served in
            let answer = try await served.client().request("GET", "/v1/sessions/sess1/output?from=1")
            #expect(answer.headers["content-type"] == "application/octet-stream")
            #expect(answer.headers["corral-from"] == "5")
            #expect(answer.headers["corral-next"] == "10")
            #expect(answer.headers["corral-epoch"] == "e1")
            #expect(answer.text == "hello")
        }
    }

    // MARK: Addresses

    @Test(arguments: [
        "/", "/v1", "/v1/", "/v1/status/", "/v2/status", "/v1/workspaces/", "/v1//workspaces", "/v1/Status",
        "/v1/%73tatus",
        "/v1/workspaces/abcd/x", "*", "http://corral/v1/status",
    ])
    func `is not found at another address`(target: String) async throws {
        try await Served.run { served in
            let answer = try await served.client().request("GET", target)
            #expect(answer.status == 404)
            #expect(try answer.code == "route_not_found")
        }
    }

    @Test(arguments: [
        ("POST", "/v1/status", "GET, HEAD"), ("DELETE", "/v1/workspaces", "GET, HEAD, POST"),
        ("PUT", "/v1/workspaces/abcd", "DELETE, GET, HEAD, PATCH"), ("GET", "/v1/sessions/abcd/input", "POST"),
        ("HEAD", "/v1/sessions/abcd/input", "POST"), ("GET", "/v1/sessions/abcd/wait", "POST"),
        ("OPTIONS", "/v1/reaper/pass", "POST"),
        ("POST", "/v1/sessions/abcd/attach", "GET, HEAD"),
    ])
    func `tells which methods it has`(method: String, target: String, allowed: String) async throws {
        try await Served.run { served in
            let answer = try await served.client().request(method, target)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == allowed)
            if method != "HEAD" { #expect(try answer.code == "method_not_allowed") }
        }
    }

    @Test func `answers HEAD without a body, and the connection goes on`() async throws {
        try await Served.run { served in
            let client = try served.client()
            let head = try await client.request("HEAD", "/v1/status")
            let get = try await client.request("GET", "/v1/status")
            #expect(head.status == 200)
            #expect(head.headers["content-length"] == get.headers["content-length"])
            #expect(get.body.count > 100)
            let missing = try await client.request("HEAD", "/v1/nothing")
            #expect(missing.status == 404)
            #expect(try await client.request("GET", "/v1/status").status == 200)
        }
    }

    @Test(arguments: ["ABC", "abc", "abc-def", String(repeating: "a", count: 33), "a%62cd", "abc.def"])
    func `does not look up what can be no id`(id: String) async throws {
        try await Served.run { served in
            let client = try served.client()
            #expect(try await client.request("GET", "/v1/workspaces/\(id)").code == "workspace_not_found")
            #expect(try await client.request("DELETE", "/v1/workspaces/\(id)").code == "workspace_not_found")
            #expect(try await client.request("GET", "/v1/sessions/\(id)").code == "session_not_found")
            #expect(try await client.request("DELETE", "/v1/sessions/\(id)").code == "session_not_found")
            #expect(try await client.request("GET", "/v1/sessions/\(id)/output").code == "session_not_found")
            #expect(served.host.calls == [])
        }
    }

    @Test(arguments: ["a.b", String(repeating: "a", count: 65), "..", "%00"])
    func `does not look up what can be no receipt's id`(id: String) async throws {
        try await Served.run { served in
            let answer = try await served.client().request("GET", "/v1/receipts/\(id)")
            #expect(try answer.code == "receipt_not_found")
            #expect(served.host.calls == [])
        }
    }
}
