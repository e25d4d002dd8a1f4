import Testing

@testable import corral

/// How an echo is awaited on a machine on which looking and sleeping take the given times.
private struct Machine {
    var wait = EchoWait()
    var looking: Duration
    var sleeping: Duration

    mutating func type(_ count: Int) -> [EchoWait.Way] {
        (0..<count).map { _ in
            let way = wait.next()
            wait.took(way == .looking ? looking : sleeping, by: way)
            return way
        }
    }
}

@Suite struct `The wait for an echo` {
    @Test func `looks where being woken takes long`() {
        var machine = Machine(looking: .microseconds(100), sleeping: .microseconds(150))
        _ = machine.type(8)
        #expect(machine.type(100).allSatisfy { $0 == .looking })
    }

    @Test func `sleeps where looking is in the way, and where it is hardly quicker`() {
        for looking in [300, 145] {
            var machine = Machine(looking: .microseconds(looking), sleeping: .microseconds(150))
            _ = machine.type(8)
            #expect(machine.type(100).allSatisfy { $0 == .sleeping })
        }
    }

    /// Looking took half a millisecond of a processor for each key, and of the echo's time, on a machine that was busy with a build.
    @Test func `gives up looking within a few keys when the machine gets busy, and looks again when it is idle`() throws
    {
        var machine = Machine(looking: .microseconds(100), sleeping: .microseconds(150))
        _ = machine.type(50)
        machine.looking = .microseconds(500)
        machine.sleeping = .microseconds(250)
        #expect(machine.type(20).filter { $0 == .looking }.count <= 8)
        #expect(machine.type(100).filter { $0 == .looking }.count <= 1)
        machine.looking = .microseconds(100)
        machine.sleeping = .microseconds(150)
        #expect(machine.type(16 * 128).suffix(100).filter { $0 == .sleeping }.count <= 1)
    }

    @Test func `goes on looking when one echo was held up`() {
        var machine = Machine(looking: .microseconds(100), sleeping: .microseconds(150))
        _ = machine.type(8)
        machine.wait.took(.seconds(1), by: .looking)
        #expect(machine.type(100).allSatisfy { $0 == .looking })
    }

    @Test func `sleeps where programs answer no key`() {
        var machine = Machine(looking: .seconds(1), sleeping: .seconds(1))
        _ = machine.type(8)
        #expect(machine.type(1000).filter { $0 == .looking }.count < 10)
    }
}
