import CgroupPty
import Testing

@Suite struct `A deadline` {
    @Test func `that lies ahead has not passed, and says what is left`() {
        let deadline = Deadline.after(.seconds(3600))
        #expect(!deadline.hasPassed)
        #expect(deadline.remaining > .seconds(3590))
        #expect(deadline.remaining <= .seconds(3600))
        #expect(deadline.millisecondsAgo == 0)
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .nanoseconds(-1), .seconds(Int64.min / 2)])
    func `of no time or less has passed at once`(duration: Duration) {
        let deadline = Deadline.after(duration)
        #expect(deadline.hasPassed)
        #expect(deadline.remaining == .zero)
    }

    @Test func `keeps fractions of a second`() {
        let before = Deadline.now
        let deadline = Deadline.after(.milliseconds(1500))
        #expect(deadline.bootNanoseconds - before.bootNanoseconds >= 1_500_000_000)
        #expect(deadline.bootNanoseconds - before.bootNanoseconds < 61_500_000_000)
    }

    @Test(arguments: [Duration.seconds(Int64.max), .seconds(10_000_000_000), .seconds(4_000_000_000)])
    func `takes any figure that a client can name (I8)`(duration: Duration) {
        #expect(Deadline.after(duration).remaining > .seconds(3_000_000_000))
        #expect(!Deadline.after(duration).hasPassed)
    }

    @Test func `at the end of time says what is left without overflow`() {
        #expect(Deadline(bootNanoseconds: .max).remaining > .seconds(9_000_000_000))
    }

    @Test func `counts the milliseconds since it passed`() {
        let now = Deadline.now.bootNanoseconds
        #expect(Deadline(bootNanoseconds: now - min(now, 5_000_000_000)).millisecondsAgo >= 5000 || now < 5_000_000_000)
    }

    @Test func `orders by time`() {
        #expect(Deadline(bootNanoseconds: 1) < Deadline(bootNanoseconds: 2))
        #expect(min(Deadline.after(.seconds(1)), .after(.seconds(60))).remaining <= .seconds(1))
    }
}
