import HostProtocol
import Testing

@testable import corral

@Suite struct `A session's end in words` {
    @Test func `is confirmed by the kernel`() {
        #expect(
            SessionEndReport.text(Samples.end())
                == "session s9x1: ended, confirmed by the kernel; by hangup, 3 processes signalled, 41 ms"
        )
    }

    @Test func `is not confirmed while something is left`() {
        let end = Samples.end("s9x1", .unkillable, survivors: [Samples.survivor])
        #expect(
            SessionEndReport.text(end) == """
                session s9x1: not confirmed; processes are left that SIGKILL did not end, 3 processes signalled, 41 ms
                  left: pid 4242 (cat), uninterruptible sleep (D) in nfs_wait_bit_killable, cgroup \
                corral.slice/corral-1f2e3d4c.slice/corral-1f2e3d4c-wk4m2.slice/corral-1f2e3d4c-wk4m2-s9x1.scope
                The host goes on trying by itself. How it stands: corral session show s9x1
                """
        )
    }

    @Test func `names what left the slice and was left alone`() {
        let suspect = EscapeDocument(
            pid: 77, command: "tmux", cgroup: "/user.slice/x.scope",
            evidence: ["its environment names workspace wk4m2 and session s9x1", "it left the slice"], action: .reported
        )
        #expect(
            SessionEndReport.text(Samples.end(suspects: [suspect])) == """
                session s9x1: ended, confirmed by the kernel; by hangup, 3 processes signalled, 41 ms
                  suspect: pid 77 (tmux), cgroup /user.slice/x.scope: only reported (its environment names workspace wk4m2 \
                and session s9x1; it left the slice)
                """
        )
    }

    @Test func `says why it could not be told`() {
        let end = Samples.end("s9x1", .unknown, detail: "read cgroup.events: Input/output error (errno 5)")
        #expect(
            SessionEndReport.text(end) == """
                session s9x1: not confirmed; it could not be told what is left, 3 processes signalled, 41 ms, \
                read cgroup.events: Input/output error (errno 5)
                The host goes on trying by itself. How it stands: corral session show s9x1
                """
        )
    }
}
