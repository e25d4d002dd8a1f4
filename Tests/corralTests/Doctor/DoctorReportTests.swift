import HostProtocol
import Testing

@testable import corral

@Suite struct `What the doctor says` {
    @Test func `is a line a check, and below it how to mend it`() {
        let document = DoctorDocument(checks: [
            .init("cgroup", .ok, "cgroup v2", from: "/sys/fs/cgroup"),
            .init("linger", .warning, "off", from: "/var/lib/x", mend: "loginctl enable-linger"),
            .init("state", .failure, "others\u{1b}[2J may write in it", from: "/s", mend: "chmod 700 /s"),
        ])
        #expect(
            DoctorReport.text(document, Samples.plain) == """
                ok      cgroup  cgroup v2 (/sys/fs/cgroup)
                warning linger  off (/var/lib/x)
                                -> loginctl enable-linger
                failure state   others\u{fffd}[2J may write in it (/s)
                                -> chmod 700 /s

                1 failure, 1 warning
                """)
    }

    @Test func `of orphans counts what the reaper would find`() {
        var pass = PassDocument(at: Samples.moment)
        #expect(HostChecks.orphans(pass, "x").verdict == .ok)
        pass.reaped = 2
        #expect(HostChecks.orphans(pass, "x").found == "2 to be ended, 0 unexplained, 0 escaped")
        #expect(HostChecks.lastPass(ReaperDocument(passes: 1, lastPass: pass, lastFailure: nil)).verdict == .ok)
        pass.failed = 1
        #expect(HostChecks.lastPass(ReaperDocument(passes: 1, lastPass: pass, lastFailure: nil)).verdict == .warning)
        #expect(HostChecks.lastPass(ReaperDocument(passes: 1, lastPass: nil, lastFailure: "why")).verdict == .failure)
    }

    @Test func `waits for the examination only so long`() throws {
        // An instance file that was a FIFO had it wait for ever.
        let began = ContinuousClock.now
        let result = try ChildProcess.run(
            "sh", ["-c", "echo so far; exec sleep 20"], capturing: true, patience: .milliseconds(200))
        #expect(result == .init(status: CommandStatus.timedOut.rawValue, output: "so far\n"))
        #expect(ContinuousClock.now - began < .seconds(10))
    }
}
