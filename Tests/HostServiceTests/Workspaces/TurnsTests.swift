import CgroupPty
import Testing

@testable import HostService

@Suite struct `A turn` {
    private let turns = Turns()

    @Test func `is one caller's at a time, and another thing's is its own`() async {
        #expect(await turns.take("/one", until: .after(.seconds(60))))
        #expect(await turns.take("/other", until: .after(.seconds(60))))
        #expect(await !turns.take("/one", until: .after(.milliseconds(20))))
        await turns.giveBack("/one")
        #expect(await turns.take("/one", until: .after(.seconds(60))))
    }

    @Test func `goes to who has waited longest, and not to who has given up (I8)`() async {
        #expect(await turns.take("/one", until: .after(.seconds(60))))
        #expect(await !turns.take("/one", until: .after(.milliseconds(1))))
        let seen = Locked<[Int]>([])
        await withTaskGroup(of: Void.self) { group in
            for number in 1...3 {
                group.addTask {
                    #expect(await turns.take("/one", until: .after(.seconds(60))))
                    seen.withLock { $0.append(number) }
                    await turns.giveBack("/one")
                }
            }
            await turns.giveBack("/one")
        }
        #expect(seen.withLock { $0.sorted() } == [1, 2, 3])
        #expect(await turns.take("/one", until: .after(.milliseconds(1))), "the last one gave it back")
    }
}
