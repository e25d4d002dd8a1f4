import CgroupPty
import Glibc
import Testing

@Suite struct `A blocking executor` {
    /// A door that threads wait at.
    private final class Door: Sendable {
        private let pipe: PipePair
        init() throws { pipe = try PipePair() }
        func open() throws { try pipe.write() }
        /// Blocks the calling thread until the door was opened; leaves it open.
        func pass() {
            pipe.reader.withRawValue { raw in
                var request = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
                while poll(&request, 1, 60_000) < 0 {}
            }
        }
    }

    @Test func `gives what was computed, on another thread`() async {
        let executor = BlockingExecutor(label: "test")
        #expect(await executor.run { 6 * 7 } == 42)
        #expect(await executor.run(until: .after(.seconds(60))) { "done" } == "done")
    }

    @Test func `answers nothing past its deadline, which is unknown (I3)`() async throws {
        let executor = BlockingExecutor(label: "test")
        let door = try Door()
        #expect(await executor.run(until: .after(.milliseconds(20))) { door.pass() } == nil)
        try door.open()
    }

    @Test func `runs both halves of a list at once, and answers nothing where one comes too late (I3)`() async throws {
        let executor = BlockingExecutor(label: "test")
        for count in [0, 1, 2, 7] {
            let halves = try #require(
                await executor.runInHalves(of: Array(0..<count), until: .after(.seconds(60))) { Array($0) })
            #expect(halves.0 + halves.1 == Array(0..<count))
        }
        let (first, second) = (try Door(), try Door())
        // Each waits for the other.
        let met = await executor.runInHalves(of: [0, 1], until: .after(.seconds(60))) { half in
            let (own, others) = half == [0] ? (first, second) : (second, first)
            try? own.open()
            others.pass()
        }
        #expect(met != nil)
        let door = try Door()
        let late = await executor.runInHalves(of: [0, 1], until: .after(.milliseconds(20))) { half in
            if half == [1] { door.pass() }
        }
        #expect(late == nil)
        try door.open()
    }

    @Test func `drops an answer that comes too late`() async throws {
        let executor = BlockingExecutor(label: "test")
        let (door, finished) = (try Door(), try Door())
        let answer = await executor.run(until: .after(.milliseconds(20))) { () -> Int in
            door.pass()
            try? finished.open()
            return 1
        }
        #expect(answer == nil)
        try door.open()
        // Until the late one was at its end: a second answer would have crashed.
        await executor.run { finished.pass() }
        #expect(await executor.run(until: .after(.seconds(60))) { 2 } == 2)
    }

    @Test func `takes a deadline that has passed, and one at the end of time`() async throws {
        let executor = BlockingExecutor(label: "test")
        let door = try Door()
        #expect(await executor.run(until: Deadline(bootNanoseconds: 0)) { door.pass() } == nil)
        try door.open()
        #expect(await executor.run(until: Deadline(bootNanoseconds: .max)) { 1 } == 1)
        #expect(await executor.run(until: .after(.seconds(Int64.max))) { 1 } == 1)
    }

    /// On a concurrent queue, with as many threads as processors, a few blocked calls kept the rest and even the deadlines
    /// waiting until one of them came back.
    @Test func `lets neither calls nor deadlines wait for calls that are blocked (I8)`() async throws {
        let executor = BlockingExecutor(label: "test")
        let door = try Door()
        async let blocked = withTaskGroup(of: Void?.self, returning: Int.self) { group in
            for _ in 0..<24 { group.addTask { await executor.run(until: .after(.seconds(200))) { door.pass() } } }
            return await group.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
        }
        let started = Deadline.now
        #expect(await executor.run(until: .after(.milliseconds(50))) { door.pass() } == nil)
        #expect(await executor.run(until: .after(.seconds(100))) { 1 } == 1)
        #expect(started.millisecondsAgo < 150_000)
        try door.open()
        #expect(await blocked == 24)
    }
}
