import HostProtocol
import Testing

@testable import corral

@Suite struct `A receipt in words` {
    private func text(_ receipt: ReceiptDocument) -> String { ReceiptReport(receipt, Samples.time).text }
    private func status(_ receipt: ReceiptDocument) -> CommandStatus { ReceiptReport(receipt, Samples.time).status }

    @Test func `tells each session's end and when the kernel confirmed`() {
        var receipt = Samples.receipt(.deleted, .confirmed)
        receipt.confirmedAt = Samples.moment
        receipt.durationMs = 412
        var killed = Samples.end("s7z3")
        killed.ended = .killed
        killed.membersSignalled = 1
        receipt.sessions = [Samples.end(), killed]
        receipt.worktree = .removed
        receipt.branch = .removed
        #expect(
            text(receipt) == """
                workspace wk4m2 (fix-login): deleted; all in its slice has ended, confirmed by the kernel at \
                2026-11-22 21:02:58 (412 ms)
                  session   s9x1  ended, confirmed, by hangup, 3 processes signalled, 41 ms
                  session   s7z3  ended, confirmed, by SIGKILL, 1 process signalled, 41 ms
                  worktree  removed
                  branch    removed
                  receipt   r7k2m
                """
        )
        #expect(status(receipt) == .done)
    }

    @Test func `tells what is left, and that the delete goes on by itself`() {
        var receipt = Samples.receipt(.deleting, .unkillable)
        receipt.sessions = [Samples.end("s9x1", .unkillable, survivors: [Samples.survivor])]
        receipt.detail = "stop corral-1f2e3d4c-wk4m2.slice: 1 process left after cgroup.kill; tried again in 5 s"
        #expect(
            text(receipt) == """
                workspace wk4m2 (fix-login): not deleted yet; not confirmed: processes are left that SIGKILL did not end
                  session   s9x1  not confirmed, processes are left that SIGKILL did not end, 3 processes signalled, 41 ms
                              left: pid 4242 (cat), uninterruptible sleep (D) in nfs_wait_bit_killable, cgroup \
                corral.slice/corral-1f2e3d4c.slice/corral-1f2e3d4c-wk4m2.slice/corral-1f2e3d4c-wk4m2-s9x1.scope
                  worktree  still there
                  branch    still there
                  reason    stop corral-1f2e3d4c-wk4m2.slice: 1 process left after cgroup.kill; tried again in 5 s
                  receipt   r7k2m
                The delete goes on by itself. How far it is: corral receipt r7k2m
                """
        )
        #expect(status(receipt) == .notConfirmed)
    }

    @Test func `tells escapes and suspects with their evidence, and what could not be read`() {
        var receipt = Samples.receipt(.deleted, .confirmed)
        receipt.confirmedAt = Samples.moment
        receipt.escapes = [
            EscapeDocument(
                pid: 77, command: "daemon", cgroup: "init.scope", evidence: ["its terminal is session s9x1's"],
                action: .killed
            )
        ]
        receipt.suspects = [
            EscapeDocument(
                pid: 78, command: "emacs", cgroup: "app.slice", evidence: ["its directory is in the worktree"],
                action: .reported
            )
        ]
        receipt.unreadable = 2
        receipt.worktree = .notOurs
        receipt.branch = .notOurs
        receipt.warnings = ["workspace wk4m2: .corral/teardown was skipped: it is not trusted"]
        #expect(
            text(receipt) == """
                workspace wk4m2 (fix-login): deleted; all in its slice has ended, confirmed by the kernel at \
                2026-11-22 21:02:58
                  escape    pid 77 (daemon), cgroup init.scope: killed
                            since its terminal is session s9x1's
                  suspect   pid 78 (emacs), cgroup app.slice: only reported
                            since its directory is in the worktree
                  unread    2 processes elsewhere could not be read, and may or may not belong here
                  worktree  kept on disk, it was adopted
                  branch    none of Corral's
                  warning   workspace wk4m2: .corral/teardown was skipped: it is not trusted
                  receipt   r7k2m
                """
        )
    }

    @Test func `tells that a delete was undone, and why`() {
        var receipt = Samples.receipt(.kept, .confirmed)
        receipt.detail = "work appeared while it was stopped:\n a.txt\n b.txt"
        #expect(
            text(receipt) == """
                workspace wk4m2 (fix-login): kept; nothing of its files was removed
                  worktree  kept
                  branch    kept
                  reason    work appeared while it was stopped:
                             a.txt
                             b.txt
                  receipt   r7k2m
                """
        )
        #expect(status(receipt) == .conflict)
    }

    @Test func `tells a plan as a plan`() {
        var receipt = Samples.receipt(.planned, .unknown)
        var survivor = Samples.survivor
        survivor.wchan = nil
        survivor.cgroup = nil
        survivor.state = "S"
        receipt.sessions = [Samples.end("s9x1", .unknown, survivors: [survivor], detail: "would be ended")]
        receipt.worktree = .planned
        #expect(
            text(receipt) == """
                workspace wk4m2 (fix-login): would be deleted; nothing was done
                  session   s9x1  would be ended, 3 processes
                              pid 4242 (cat), sleeping (S)
                  worktree  would be removed
                  branch    would be kept
                """
        )
        #expect(status(receipt) == .done)
    }

    @Test func `tells that files are still being removed when all has ended`() {
        var receipt = Samples.receipt(.deleting, .confirmed)
        receipt.confirmedAt = Samples.moment
        #expect(
            text(receipt).hasPrefix(
                "workspace wk4m2 (fix-login): not deleted yet; all in its slice has ended, confirmed by the kernel at "
                    + "2026-11-22 21:02:58\n"
            )
        )
        #expect(status(receipt) == .notConfirmed)
    }

    @Test(arguments: [
        (OutcomeDocument.escaped, "deleted, but a process lives on elsewhere"),
        (.unkillable, "deleted, but processes are left that SIGKILL did not end"),
        (.unknown, "deleted, but it could not be told what is left"),
    ])
    func `does not call done what is not confirmed`(_ outcome: OutcomeDocument, _ verdict: String) {
        let receipt = Samples.receipt(.deleted, outcome)
        #expect(text(receipt).hasPrefix("workspace wk4m2 (fix-login): \(verdict)\n"))
        #expect(status(receipt) == .notConfirmed)
    }

    @Test func `lets no command's name steer the terminal`() {
        var receipt = Samples.receipt(.deleting, .unkillable)
        var survivor = Samples.survivor
        survivor.command = "\u{1b}[2Jx"
        receipt.sessions = [Samples.end("s9x1", .unkillable, survivors: [survivor])]
        #expect(!text(receipt).contains("\u{1b}"))
    }
}
