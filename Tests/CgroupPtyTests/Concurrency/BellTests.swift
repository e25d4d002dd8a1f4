import CgroupPty
import Testing

@Suite struct `A bell` {
    @Test func `wakes who sleeps, and who will sleep`() async {
        let bell = Bell()
        bell.ring()
        bell.ring()
        #expect(await bell.wait(until: .after(.seconds(60))))
        let sleeper = Task { await bell.wait(until: .after(.seconds(60))) }
        bell.ring()
        #expect(await sleeper.value)
        #expect(await !bell.wait(until: .after(.milliseconds(1))), "rings do not add up")
    }

    @Test func `lets a cancelled task go`() async {
        let bell = Bell()
        let sleeper = Task { await bell.wait(until: .after(.seconds(3600))) }
        sleeper.cancel()
        #expect(await !sleeper.value)
    }

    @Test func `loses no ring between a look and a sleep`() async {
        let bell = Bell()
        let count = Locked(0)
        let rounds = 2000
        let ringer = Task.detached {
            for _ in 0..<rounds {
                count.withLock { $0 += 1 }
                bell.ring()
            }
        }
        while count.withLock({ $0 }) < rounds { #expect(await bell.wait(until: .after(.seconds(60)))) }
        await ringer.value
    }
}
