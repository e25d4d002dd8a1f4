import HostProtocol
import Testing

@testable import corral

@Suite struct `The end of an attachment` {
    private func ended(code: Int? = nil, signal: Int? = nil, _ reason: SessionDocument.EndReason?) -> AttachEnd {
        .sessionEnded(code == nil && signal == nil ? nil : .init(code: code, signal: signal), reason)
    }

    @Test func `by detaching is 0`() {
        #expect(AttachEnd.detached.status == .done)
        #expect(AttachEnd.detached.notice(session: "s9x1") == "[detached from s9x1]")
    }

    @Test func `with the session is the session's own`() {
        #expect(ended(code: 0, .exited).status.rawValue == 0)
        #expect(ended(code: 3, .exited).status.rawValue == 3)
        #expect(ended(signal: 9, .killed).status.rawValue == 137)
        #expect(ended(.lost).status == .other)
    }

    @Test func `says how the session ended`() {
        #expect(ended(code: 3, .exited).notice(session: "s9x1") == "[session s9x1 has ended: status 3]")
        #expect(ended(signal: 15, .signalled).notice(session: "s9x1") == "[session s9x1 has ended: signal 15]")
        #expect(
            ended(signal: 1, .workspaceDeleted).notice(session: "s9x1") == "[session s9x1 has ended: workspace deleted]"
        )
        #expect(ended(nil).notice(session: "s9x1") == "[session s9x1 has ended]")
    }

    @Test func `with the host is 69`() {
        #expect(AttachEnd.hostGone.status == .unreachable)
        #expect(AttachEnd.hostGone.notice(session: "s9x1").hasPrefix("[the host has gone; session s9x1 may live on]\n"))
    }

    @Test(arguments: [1000, 1001, 1005, 1006, 1012, 1013])
    func `is not yet there when another connection can do better`(_ code: Int) {
        #expect(AttachLoop.isWorthRetrying(code))
    }

    @Test(arguments: [1002, 1003, 1007, 1008, 1009, 1011])
    func `is there when another connection would fare alike`(_ code: Int) {
        #expect(!AttachLoop.isWorthRetrying(code))
    }
}

@Suite struct `Attaching` {
    @Test func `tells the keys that detach`() {
        #expect(
            AttachRun.greeting(session: "s9x1", keys: .standard, isReadOnly: false, isTerminal: true)
                == "[attached to s9x1; detach with Ctrl-\\ d]"
        )
        #expect(
            AttachRun.greeting(session: "s9x1", keys: DetachKeys(keys: []), isReadOnly: true, isTerminal: true)
                == "[attached to s9x1; read-only; no keys detach]"
        )
        #expect(
            AttachRun.greeting(session: "s9x1", keys: .standard, isReadOnly: false, isTerminal: false)
                == "[attached to s9x1]"
        )
    }

    @Test func `goes on from the byte after the last one`() {
        var position = AttachPosition()
        position.read(byteCount: 5)
        #expect(position.next == nil)
        var attached = AttachMessage(.attached)
        attached.epoch = "e1"
        attached.seq = 100
        position.read(attached)
        position.read(byteCount: 7)
        position.read(AttachMessage(.title))
        #expect(position.next == 107)
        #expect(position.epoch == "e1")
    }
}
