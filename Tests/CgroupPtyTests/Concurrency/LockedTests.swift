import CgroupPty
import Testing

@Suite struct `A locked value` {
    @Test func `counts every step of many threads`() async {
        let counter = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<2000 { counter.withLock { $0 += 1 } } }
            }
        }
        #expect(counter.withLock { $0 } == 16_000)
    }

    @Test func `is unlocked by a body that throws`() {
        struct Trouble: Error {}
        let value = Locked(1)
        #expect(throws: Trouble.self) { try value.withLock { _ in throw Trouble() } }
        #expect(value.withLock { $0 } == 1)
    }
}
