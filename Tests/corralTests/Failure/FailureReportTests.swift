import HostClient
import HostProtocol
import Testing

@testable import corral

@Suite struct `A failure report` {
    private func problem(_ status: Int, _ code: String, _ detail: String = "it is so") -> HostClientFailure {
        .problem(ProblemDocument(title: "Title", status: status, code: code, detail: detail))
    }

    @Test(arguments: [
        (404, "session_not_found", CommandStatus.notFound), (410, "gone", .notFound), (409, "dirty", .conflict),
        (409, "main_worktree", .conflict), (400, "invalid_request", .usage), (422, "exec_failed", .other),
        (500, "git_failed", .other), (503, "systemd_unreachable", .other), (503, "shutting_down", .unreachable),
        (429, "limit_reached", .other),
    ])
    func `gives a problem the status of its kind`(_ status: Int, _ code: String, _ expected: CommandStatus) {
        #expect(FailureReport(problem(status, code)).status == expected)
    }

    @Test func `tells a host that is not there from one that does not answer an ending`() {
        let late = HostClientFailure.timedOut(request: "DELETE /v1/workspaces/wk4m2", after: .seconds(150))
        #expect(FailureReport(.unreachable(path: "/s", why: "no"), whileEnding: true).status == .unreachable)
        #expect(FailureReport(late, whileEnding: true).status == .notConfirmed)
        #expect(FailureReport(late).status == .unreachable)
        #expect(FailureReport(.disconnected(request: "r"), whileEnding: true).status == .notConfirmed)
        #expect(FailureReport(.badResponse(request: "r", why: "w")).status == .other)
    }

    // The name of a process that waits at a port, or what another machine says, was written to the terminal as it came.
    @Test func `steers no terminal, and keeps lines and tabs`() {
        let report = FailureReport(problem(409, "session_leader", "process 7 (\u{1b}[31mEV\u{7}\r\nX)\nnext\tcolumn"))
        #expect(!report.text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
        #expect(report.text.contains("\nnext\tcolumn"))
        #expect(report.problem.detail.contains("\u{1b}"), "programs get what the host has said")
    }

    @Test func `says how to start a host that cannot be reached`() {
        let report = FailureReport(.unreachable(path: "/run/corral/corral.sock", why: "No such file or directory"))
        #expect(
            report.text == """
                The Corral host cannot be reached: connect to /run/corral/corral.sock: No such file or directory; \
                nothing was sent.
                Is it running? `corral host start` starts it.
                """
        )
        #expect(report.problem.code == "unreachable")
        #expect(report.problem.status == 503)
    }

    @Test func `names what would be lost and the way to lose it`() {
        let detail = "workspace wk4m2 has work that would be lost: 2 changed files (a.txt, b.txt); nothing was changed"
        #expect(
            FailureReport(problem(409, "dirty", detail)).text == """
                workspace wk4m2 has work that would be lost: 2 changed files (a.txt, b.txt); nothing was changed.
                Commit or stash what you want to keep. `--force` discards it.
                """
        )
    }

    @Test func `does not say twice how to lose work`() {
        #expect(
            FailureReport(problem(409, "dirty", "1 untracked file (junk). --force discards it.")).text
                == "1 untracked file (junk). --force discards it.\nCommit or stash what you want to keep."
        )
    }

    @Test func `hands the host's problem to programs as it came`() {
        let document = ProblemDocument(title: "Conflict", status: 409, code: "dirty", detail: "2 files")
        #expect(FailureReport(.problem(document)).problem == document)
    }

    @Test func `lists the candidates of an ambiguous name`() throws {
        let failure = CommandFailure.ambiguous(.workspace, name: "fix", candidates: ["wa1b  /srv/a", "wc2d  /srv/b"])
        let report = try #require(FailureReport(failure))
        #expect(report.status == .conflict)
        #expect(
            report.text == """
                More than one workspace is called "fix". Use an id:
                  wa1b  /srv/a
                  wc2d  /srv/b
                """
        )
    }

    @Test(arguments: [
        (CommandFailure.notFound(.session, name: "x"), CommandStatus.notFound, "session_not_found"),
        (.outsideWorkspaces(directory: "/"), .notFound, "workspace_not_found"),
        (.refused("no"), .conflict, "refused"), (.failed("no"), .other, "failed"),
        (.hostGone("no"), .unreachable, "unreachable"),
    ])
    func `gives a failure of this side its status and code`(
        _ failure: CommandFailure, _ status: CommandStatus, _ code: String
    ) throws {
        let report = try #require(FailureReport(failure))
        #expect(report.status == status)
        #expect(report.problem.code == code)
    }

    @Test func `is not made of a failure that is not Corral's`() {
        struct Foreign: Error {}
        #expect(FailureReport(Foreign()) == nil)
    }
}
