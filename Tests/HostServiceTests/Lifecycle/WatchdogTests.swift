import CgroupPty
import Dispatch
import NIOCore
import NIOPosix
import Testing

@testable import HostService

@Suite struct `A sign of life` {
    @Test func `is given once every part has had a turn`() async throws {
        try await withWatchdog { watchdog, _ in try await watchdog.turnOver() }
    }

    @Test func `is kept back while an event loop hangs`() async throws {
        try await withWatchdog { watchdog, loops in
            let order = Locked<[String]>([])
            let isHeld = DispatchSemaphore(value: 0)
            let hanging = loops.next().submit {
                isHeld.wait()
                order.withLock { $0.append("the loop goes on") }
            }
            let sign = Task {
                try await watchdog.turnOver()
                order.withLock { $0.append("alive") }
            }
            // What else a sign asks for would have answered by now, twice.
            for _ in 1...2 {
                await watchdog.pump.turnOver()
                await watchdog.executor.run {}
            }
            isHeld.signal()
            try await hanging.get()
            try await sign.value
            #expect(order.withLock { $0 } == ["the loop goes on", "alive"])
        }
    }

    @Test func `waits for no terminal that is no longer read`() async throws {
        let pump = try TerminalPump()
        await pump.turnOver()
        pump.stop()
        await pump.turnOver()
    }

    private func withWatchdog(
        _ body: (Watchdog, MultiThreadedEventLoopGroup) async throws -> Void
    ) async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let pump = try TerminalPump()
        try await body(
            Watchdog(eventLoops: loops, pump: pump, executor: BlockingExecutor(label: "test")), loops)
        pump.stop()
        try await loops.shutdownGracefully()
    }
}
