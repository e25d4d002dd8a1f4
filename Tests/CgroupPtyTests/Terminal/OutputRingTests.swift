import CgroupPty
import Testing

@Suite struct `An output ring` {
    /// What the ring must do, without its means: everything that was ever written.
    private struct Model {
        let capacity: Int
        var all: [UInt8] = []
        var start: Int { max(0, all.count - capacity) }

        func slice(from: UInt64) -> (UInt64, [UInt8]) {
            let first = min(max(Int(clamping: from), start), all.count)
            return (UInt64(first), Array(all[first...]))
        }
    }

    @Test func `begins empty at 0`() {
        let ring = OutputRing(capacity: 4)
        #expect(ring.start == 0)
        #expect(ring.end == 0)
        #expect(ring.slice(from: 0).bytes.isEmpty)
        #expect(ring.slice(from: .max).from == 0)
    }

    @Test func `keeps the last bytes and their numbers`() {
        var ring = OutputRing(capacity: 4)
        ring.append(Array("abc".utf8))
        ring.append(Array("defg".utf8))
        #expect(ring.start == 3)
        #expect(ring.end == 7)
        #expect(ring.slice(from: 0) == (3, Array("defg".utf8)))
        #expect(ring.slice(from: 5) == (5, Array("fg".utf8)))
        #expect(ring.slice(from: 7) == (7, []))
    }

    @Test func `gives a reader from the future what comes next, and nothing now`() {
        var ring = OutputRing(capacity: 4)
        ring.append([1, 2])
        #expect(ring.slice(from: 1000) == (2, []))
    }

    @Test func `keeps the end of one piece that is larger than itself`() {
        var ring = OutputRing(capacity: 4)
        ring.append([9])
        ring.append(Array(0..<100))
        #expect(ring.end == 101)
        #expect(ring.slice(from: 0) == (97, [96, 97, 98, 99]))
        ring.append([7])
        #expect(ring.slice(from: 0) == (98, [97, 98, 99, 7]))
    }

    @Test func `takes no bytes as no bytes`() {
        var ring = OutputRing(capacity: 2)
        ring.append([])
        ring.append([1, 2, 3])
        ring.append([])
        #expect(ring.slice(from: 0) == (1, [2, 3]))
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 16, 63, 64, 1000])
    func `agrees with a plain array, whatever is written and asked`(capacity: Int) {
        var generator = Generator(state: UInt64(capacity))
        for round in 0..<10 {
            var ring = OutputRing(capacity: capacity)
            var model = Model(capacity: capacity)
            for step in 0..<60 {
                let count = Int.random(
                    in: 0...(step % 7 == 0 ? capacity * 3 + 1 : max(1, capacity / 2)), using: &generator)
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
                // Both as an array and as a slice that does not begin at 0.
                if step.isMultiple(of: 2) { ring.append(bytes) } else { ring.append(([0] + bytes).dropFirst()) }
                model.all += bytes
                guard ring.end == UInt64(model.all.count), ring.start == UInt64(model.start) else {
                    Issue.record("capacity \(capacity), round \(round), step \(step): \(ring.start) to \(ring.end)")
                    return
                }
                for from in [0, ring.start, ring.end, .max, UInt64.random(in: 0...(ring.end + 2), using: &generator)] {
                    let (first, kept) = ring.slice(from: from)
                    let (expectedFirst, expected) = model.slice(from: from)
                    guard first == expectedFirst, kept == expected else {
                        Issue.record("capacity \(capacity), round \(round), step \(step), from \(from)")
                        return
                    }
                }
            }
        }
    }

    @Test func `never keeps more than its capacity (I8)`() {
        var ring = OutputRing(capacity: 1000)
        for _ in 0..<100 { ring.append([UInt8](repeating: 1, count: 777)) }
        #expect(ring.slice(from: 0).bytes.count == 1000)
        #expect(ring.end == 77_700)
    }

    @Test func `is a value: a copy does not see what comes later`() {
        var ring = OutputRing(capacity: 4)
        ring.append([1, 2, 3, 4])
        let copy = ring
        ring.append([5])
        #expect(copy.slice(from: 0) == (0, [1, 2, 3, 4]))
        #expect(ring.slice(from: 0) == (1, [2, 3, 4, 5]))
    }

    /// The same numbers in every run, so that a failure can be seen again.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }
}
