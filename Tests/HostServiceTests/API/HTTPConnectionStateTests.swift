import Testing

@testable import HostService

@Suite struct `A connection's state` {
    typealias Machine = HTTPConnectionHandler.StateMachine

    /// A machine with a request to work on.
    private var working: Machine {
        var machine = Machine()
        _ = machine.partReceived(isEnd: true)
        return machine
    }

    @Test func `waits for the client except while a request is worked on`() {
        var machine = Machine()
        #expect(machine.isWaitingForClient)
        #expect(machine.partReceived(isEnd: false) == true)
        #expect(machine.isWaitingForClient, "in the middle of a request")
        #expect(machine.partReceived(isEnd: true) == true)
        #expect(!machine.isWaitingForClient)
        #expect(machine.answerWritten(keepsAlive: true) == .write)
        #expect(machine.isWaitingForClient, "for it to read the answer")
        #expect(machine.partReceived(isEnd: true) == true)
        #expect(machine.isWaitingForClient, "still for that, whatever it sends ahead")
        #expect(machine.answerFlushed() == false)
        #expect(!machine.isWaitingForClient)
    }

    @Test func `makes the answer last when the client or the service wants it`() {
        var asked = working
        #expect(asked.answerWritten(keepsAlive: false) == .writeLast)
        #expect(asked.phase == .draining)
        var ending = working
        #expect(ending.shouldEnd() == false)
        #expect(ending.answerWritten(keepsAlive: true) == .writeLast)
        #expect(ending.phase == .draining)
    }

    @Test func `closes at once when the service stops and nothing is open`() {
        var idle = Machine()
        #expect(idle.shouldEnd() == true)
        var unread = working
        _ = unread.answerWritten(keepsAlive: true)
        #expect(unread.shouldEnd() == false, "an answer is on its way")
        #expect(unread.answerFlushed() == true, "and now it has arrived")
    }

    @Test func `throws away what comes after the last answer, and closes with the client`() {
        var machine = working
        #expect(machine.inputClosed() == false, "it still reads its answers")
        _ = machine.answerWritten(keepsAlive: false)
        #expect(machine.partReceived(isEnd: false) == false)
        #expect(machine.malformedReceived() == false)
        #expect(machine.answerWritten(keepsAlive: true) == .refuse)
        #expect(machine.upgrade() == false)
        #expect(machine.shouldEnd() == false)
        #expect(machine.inputClosed() == true)
    }

    @Test func `gives the client a limited time for each part of an answer, and works on until its end`() {
        var machine = working
        #expect(machine.partWritten() == true)
        #expect(machine.isWaitingForClient, "for it to read the part")
        #expect(machine.answerFlushed() == false)
        #expect(!machine.isWaitingForClient, "for the next part it waits itself")
        #expect(machine.shouldEnd() == false, "the answer is not complete")
        #expect(machine.partWritten() == true)
        #expect(machine.answerFlushed() == false, "nor is it now")
        #expect(machine.answerWritten(keepsAlive: true) == .writeLast)
        #expect(machine.partWritten() == false)
    }

    @Test func `tells once that the bytes are not HTTP`() {
        var machine = Machine()
        #expect(machine.malformedReceived() == true)
        #expect(machine.malformedReceived() == false)
        #expect(machine.partReceived(isEnd: true) == false)
        #expect(!machine.isWaitingForClient, "the refusal is to be written")
        #expect(machine.upgrade() == false)
        #expect(machine.answerWritten(keepsAlive: false) == .writeLast)
    }

    @Test func `is over for HTTP after an upgrade`() {
        var machine = working
        #expect(machine.upgrade() == true)
        #expect(!machine.isWaitingForClient)
        #expect(machine.partReceived(isEnd: true) == false)
        #expect(machine.malformedReceived() == false)
        #expect(machine.answerWritten(keepsAlive: true) == .refuse)
        #expect(machine.upgrade() == false)
        #expect(machine.shouldEnd() == false)
        #expect(machine.inputClosed() == false)
    }
}
