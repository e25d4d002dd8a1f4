import HostProtocol
import NIOHTTP1
import Testing

@testable import HostService

@Suite struct `An error of the interface` {
    @Test(
        arguments: [
            (.workspaceNotFound("d"), 404, "workspace_not_found"),
            (.sessionNotFound("d"), 404, "session_not_found"),
            (.receiptNotFound("d"), 404, "receipt_not_found"),
            (.repositoryNotFound("d"), 404, "repository_not_found"),
            (.portNotFound("d"), 404, "port_not_found"),
            (.invalidRequest("d"), 400, "invalid_request"),
            (.idUsed("d"), 409, "id_used"),
            (.conflict("d"), 409, "conflict"),
            (.dirty("d"), 409, "dirty"),
            (.mainWorktree("d"), 409, "main_worktree"),
            (.nestedWorktree("d"), 409, "nested_worktree"),
            (.branchCheckedOut("d"), 409, "branch_checked_out"),
            (.workspaceDeleting("d"), 409, "workspace_deleting"),
            (.frozen("d"), 409, "frozen"),
            (.nothingToFreeze("d"), 409, "nothing_to_freeze"),
            (.freezeFailed("d"), 503, "freeze_failed"),
            (.sessionEnded("d"), 409, "session_ended"),
            (.terminalLost("d"), 409, "terminal_lost"),
            (.sessionLeader("d"), 409, "session_leader"),
            (.startFailed("d"), 503, "start_failed"),
            (.execFailed("d"), 422, "exec_failed"),
            (.ptyExhausted("d"), 503, "pty_exhausted"),
            (.limitReached("d"), 503, "limit_reached"),
            (.inputFull("d"), 429, "input_full"),
            (.systemdUnreachable("d"), 503, "systemd_unreachable"),
            (.indexUnavailable("d"), 503, "index_unavailable"),
            (.groundUnreadable("d"), 503, "ground_unreadable"),
            (.gitFailed("d"), 422, "git_failed"),
            (.shuttingDown("d"), 503, "shutting_down"),
        ] as [(HostFailure, Int, String)])
    func `has the status and code of its failure`(failure: HostFailure, status: Int, code: String) async throws {
        let error = APIError(failure)
        #expect(Int(error.status.code) == status)
        #expect(error.code == code)
        #expect(error.detail == "d")
        #expect(!error.title.isEmpty)
        #expect(error.document.status == status)
        #expect(error.document.type == "about:blank")

        // And the same over the wire.
        try await Served.run { served in
            served.host.set { $0.failure = failure }
            let answer = try await served.client().request("GET", "/v1/status")
            #expect(answer.status == status)
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(try answer.code == code)
            #expect(try answer.detail == "d")
        }
    }

    @Test(
        arguments: [
            (.forbidden("d"), 403, "forbidden"),
            (.routeNotFound("d"), 404, "route_not_found"),
            (.methodNotAllowed("d", allowed: ["GET"]), 405, "method_not_allowed"),
            (.payloadTooLarge("d"), 413, "payload_too_large"),
            (.headersTooLarge("d"), 431, "headers_too_large"),
            (.malformed("d"), 400, "invalid_request"),
            (.upgradeRequired("d"), 426, "upgrade_required"),
            (.tooManyConnections("d"), 503, "limit_reached"),
            (.kept("d"), 409, "kept"),
        ] as [(APIRefusal, Int, String)])
    func `has the status and code of its refusal`(refusal: APIRefusal, status: Int, code: String) {
        let error = APIError(refusal)
        #expect(Int(error.status.code) == status)
        #expect(error.code == code)
        #expect(error.detail == "d")
    }

    @Test func `does not tell a client what nobody foresaw, and tells the journal once`() async throws {
        struct Odd: Error {
            var secret = "/home/somebody"
        }
        try await Served.run { served in
            served.host.set { $0.failure = Odd() }
            let answer = try await served.client().request("GET", "/v1/status")
            #expect(answer.status == 500)
            #expect(try answer.code == "internal")
            #expect(!answer.text.contains("somebody"))
            let lines = served.log.lines
            #expect(lines.count == 1)
            #expect(lines.first?.contains("somebody") == true)
            #expect(lines.first?.contains("GET /v1/status") == true)
        }
    }

    @Test func `of a cancelled request is that the service stops`() async throws {
        try await Served.run { served in
            served.host.set { $0.failure = CancellationError() }
            let answer = try await served.client().request("GET", "/v1/status")
            #expect(try answer.code == "shutting_down")
        }
    }
}
