import HostProtocol
import Testing

@testable import corral

@Suite struct `The host's status in words` {
    @Test func `has a line for each thing`() {
        #expect(
            StatusReport.text(Samples.status, Samples.time, Samples.plain) == """
                corral-host: 0.1.0, running (pid 99)
                      since: 2026-11-22 21:02:58 (5m ago)
                   instance: 1f2e3d4c
                    systemd: 252.39, user manager
                      slice: corral-1f2e3d4c.slice
                      state: /home/u/.local/state/corral/m
                     socket: /run/user/1/corral.sock
                 workspaces: 2
                   sessions: 5
                  terminals: outlive a crash and a restart of the host
                     reaper: 1 pass, the last 5m ago
                  last pass: reaped 0, failed 0, kept 0, recovered 0, remembered 0, unclaimed 0; 0 ms
                """
        )
    }

    @Test func `says what does not work`() {
        var status = Samples.status
        status.systemdReachable = false
        status.systemdVersion = nil
        status.reaper = ReaperDocument(passes: 0, lastPass: nil, lastFailure: "read /proc: too slow")
        let text = StatusReport.text(status, Samples.time, Samples.plain)
        #expect(text.contains("systemd: -, user manager, not reachable: nothing new can start\n"))
        #expect(text.hasSuffix("reaper: 0 passes; the last try failed: read /proc: too slow"))
    }
}
