import FoundationEssentials
import HostProtocol
import Testing

@testable import corral

@Suite struct `A time` {
    @Test(arguments: [
        (0.0, "0s ago"), (59.9, "59s ago"), (60, "1m ago"), (3599, "59m ago"), (3600, "1h ago"), (86_399, "23h ago"),
        (86_400, "1d ago"), (8_640_000, "100d ago"), (-5, "0s ago"),
    ])
    func `is told by how long ago it was`(_ seconds: Double, _ expected: String) {
        let time = TimeText(now: Samples.moment.date.addingTimeInterval(seconds)) { _ in 0 }
        #expect(time.ago(Samples.moment) == expected)
    }

    @Test func `is local, to the second`() {
        let east = TimeText(now: Samples.moment.date) { _ in 2 * 3600 }
        #expect(Samples.time.full(Samples.moment) == "2026-11-22 21:02:58")
        #expect(east.full(Samples.moment) == "2026-11-22 23:02:58")
        #expect(Samples.time.both(Samples.moment) == "2026-11-22 21:02:58 (5m ago)")
    }

    @Test func `that is not known stays so`() {
        #expect(Samples.time.ago(nil) == nil)
    }
}
