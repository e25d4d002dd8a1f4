import CgroupPty
import NIOCore

/// Tells the manager that the host lives, where its unit wants to know (`WatchdogSec=`): else the host is ended and the next one started,
/// and the sessions go on.
///
/// A sign of life is given only after every part that others wait for has had a turn: Swift's pool, which this task runs on, each event
/// loop, the thread of the terminals, and a thread for calls that block. One that hangs keeps the sign back. Neither systemd, nor the
/// index, nor any disk is asked: what the next host would meet in the same state is no reason to end this one.
struct Watchdog: Sendable {
    let eventLoops: any EventLoopGroup
    let pump: TerminalPump
    let executor: BlockingExecutor

    /// Gives signs of life, four in the time that the manager waits for one, until the task is cancelled. Returns at once when it does not.
    func run() async {
        guard let interval = ServiceNotification.watchdogInterval() else { return }
        while !Task.isCancelled {
            do {
                try await turnOver()
                // Once the host stops, a sign of life would have it watched again.
                try Task.checkCancellation()
                ServiceNotification.alive()
                try await Task.sleep(for: interval / 4)
            } catch {
                // Cancelled, or the event loops are gone: the host ends.
                return
            }
        }
    }

    /// Waits until every part has had a turn.
    /// - Throws: what an event loop that is shut down answers.
    func turnOver() async throws {
        for loop in eventLoops.makeIterator() { try await loop.submit {}.get() }
        await pump.turnOver()
        await executor.run {}
    }
}
