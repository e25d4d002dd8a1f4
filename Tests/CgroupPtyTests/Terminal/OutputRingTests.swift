import Glibc
import Testing

@testable import CgroupPty

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

    @Test func `begins empty at 0`() throws {
        let ring = try Self.ring(4)
        #expect(ring.start == 0)
        #expect(ring.end == 0)
        #expect(ring.slice(from: 0).bytes.isEmpty)
        #expect(ring.slice(from: .max).from == 0)
    }

    @Test func `keeps the last bytes and their numbers`() throws {
        let ring = try Self.ring(4)
        ring.append(Array("abc".utf8))
        ring.append(Array("defg".utf8))
        #expect(ring.start == 3)
        #expect(ring.end == 7)
        #expect(ring.slice(from: 0) == (3, Array("defg".utf8)))
        #expect(ring.slice(from: 5) == (5, Array("fg".utf8)))
        #expect(ring.slice(from: 7) == (7, []))
    }

    @Test func `gives a reader from the future what comes next, and nothing now`() throws {
        let ring = try Self.ring(4)
        ring.append([1, 2])
        #expect(ring.slice(from: 1000) == (2, []))
    }

    @Test func `keeps the end of one piece that is larger than itself`() throws {
        let ring = try Self.ring(4)
        ring.append([9])
        ring.append(Array(0..<100))
        #expect(ring.end == 101)
        #expect(ring.slice(from: 0) == (97, [96, 97, 98, 99]))
        ring.append([7])
        #expect(ring.slice(from: 0) == (98, [97, 98, 99, 7]))
    }

    @Test func `takes no bytes as no bytes`() throws {
        let ring = try Self.ring(2)
        ring.append([])
        ring.append([1, 2, 3])
        ring.append([])
        #expect(ring.slice(from: 0) == (1, [2, 3]))
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 16, 63, 64, 1000])
    func `agrees with a plain array, whatever is written and asked`(capacity: Int) throws {
        var generator = Generator(state: UInt64(capacity))
        for round in 0..<10 {
            let ring = try Self.ring(capacity)
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

    @Test func `never keeps more than its capacity (I8)`() throws {
        let ring = try Self.ring(1000)
        for _ in 0..<100 { ring.append([UInt8](repeating: 1, count: 777)) }
        #expect(ring.slice(from: 0).bytes.count == 1000)
        #expect(ring.end == 77_700)
    }

    @Test func `is smaller the more there are, and all together take a gibibyte at most (I8)`() {
        var taken = 0
        for count in 1...3500 {
            let capacity = OutputRing.capacity(wanted: OutputRing.standardCapacity, taken: taken)
            if count <= 256 { #expect(capacity == OutputRing.standardCapacity) }
            #expect(capacity >= OutputRing.smallestCapacity)
            taken += capacity
        }
        #expect(taken <= 1 << 30)
        #expect(OutputRing.capacity(wanted: 64 << 20, taken: 0) == 64 << 20)
        #expect(OutputRing.capacity(wanted: 1, taken: 0) == OutputRing.smallestCapacity)
    }

    // MARK: In a memory file

    private static let session = SessionID("sring")!

    private static func ring(_ capacity: Int) throws -> OutputRing {
        try .make(session: session, capacity: capacity)
    }

    /// A second descriptor of a ring's memory, as a successor is given one.
    private static func memory(of ring: OutputRing) throws -> OwnedFileDescriptor {
        try ring.withMemory { memory throws(SystemCallFailure) in try memory.duplicate() }
    }

    @Test func `is continued by a successor: same bytes, same numbers, same epoch`() throws {
        let ring = try Self.ring(1000)
        ring.append(Array(repeating: 1, count: 999))
        ring.append(Array("tail".utf8))
        let again = try OutputRing.adopt(try Self.memory(of: ring), session: Self.session)
        #expect(again.epoch == ring.epoch)
        #expect(again.end == 1003)
        #expect(again.start == 3)
        again.append([9])
        #expect(ring.slice(from: 999) == (999, Array("tail".utf8) + [9]))
    }

    @Test func `is copied for a successor when its memory was given up`() throws {
        let ring = try Self.ring(1000)
        ring.append(Array(repeating: 1, count: 999) + Array("tail".utf8))
        let checkpoint = OutputRing.Checkpoint(
            sequence: 3, size: WindowSize(columns: 80, rows: 25)!, bytes: Array("screen".utf8))
        ring.setCheckpoint(checkpoint)
        guard let memory = try ring.releaseMemory() else { throw SystemCallFailure(call: "", subject: "", errno: 0) }
        #expect(try OutputRing.adopt(memory, session: Self.session).slice(from: 0) == ring.slice(from: 0))
        #expect(throws: SystemCallFailure.self) { _ = try Self.memory(of: ring) }
        let again = try OutputRing.adopt(try ring.copyMemory(), session: Self.session)
        #expect(again.epoch == ring.epoch)
        #expect(again.slice(from: 0) == ring.slice(from: 0))
        #expect(again.slice(from: 999).bytes == Array("tail".utf8))
        #expect(again.checkpoint == checkpoint)
    }

    @Test func `takes its pages only as output comes`() throws {
        let ring = try Self.ring(OutputRing.standardCapacity)
        ring.append([1])
        var status = stat()
        try Self.memory(of: ring).withRawValue { _ = fstat($0, &status) }
        // The header's page and the first of the output.
        #expect(status.st_blocks * 512 <= 4 * 4096)
        #expect(status.st_size > OutputRing.standardCapacity)
    }

    @Test func `of another session, or damaged, is refused`() throws {
        let ring = try Self.ring(1000)
        #expect(throws: OutputRing.Refusal(description: "it is the ring of sring")) {
            _ = try OutputRing.adopt(try Self.memory(of: ring), session: SessionID("other")!)
        }
        // Any byte of what does not change: magic, epoch, capacities, session, checksum.
        for offset in [0, 9, 17, 25, 33, 73] {
            let damaged = try Self.ring(1000)
            try Self.flip(damaged, at: offset)
            #expect(throws: OutputRing.Refusal.self, "byte \(offset)") {
                _ = try OutputRing.adopt(try Self.memory(of: damaged), session: Self.session)
            }
        }
        // The end, and what a read intended: out of all bounds.
        for offset in [87, 95] {
            let damaged = try Self.ring(1000)
            try Self.flip(damaged, at: offset)
            #expect(throws: OutputRing.Refusal.self, "byte \(offset)") {
                _ = try OutputRing.adopt(try Self.memory(of: damaged), session: Self.session)
            }
        }
    }

    /// Symptom, before it was refused: a damaged ring had bytes beyond its memory compared with a mark. A read stops at the ring's edge.
    @Test func `with a read over its own edge is refused`() throws {
        for (count, isRefused) in [(100, false), (101, true)] {
            let ring = try Self.ring(1000)
            ring.append(Array(repeating: 1, count: 900))
            try Self.memory(of: ring).withRawValue { raw in
                var intended = ring.end + UInt64(count)
                #expect(pwrite(raw, &intended, 8, 88) == 8)
            }
            let memory = try Self.memory(of: ring)
            do {
                _ = try OutputRing.adopt(memory, session: Self.session)
                #expect(!isRefused)
            } catch {
                #expect(isRefused, "\(error)")
            }
        }
    }

    @Test func `in a file that can be shrunk is refused: reading it could end us`() throws {
        #expect(throws: OutputRing.Refusal.self) {
            _ = try OutputRing.adopt(try Self.unsealed(), session: Self.session)
        }
    }

    private static func unsealed() throws -> OwnedFileDescriptor {
        let path = "/dev/shm/corral-unsealed-\(getpid())"
        let file = try OwnedFileDescriptor.open(path: path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        unlink(path)
        #expect(file.withRawValue { ftruncate($0, 1 << 20) } == 0)
        return file
    }

    /// Inverts a byte of the header.
    private static func flip(_ ring: OutputRing, at offset: Int) throws {
        try memory(of: ring).withRawValue { raw in
            var byte: UInt8 = 0
            #expect(pread(raw, &byte, 1, off_t(offset)) == 1)
            byte ^= 0xff
            #expect(pwrite(raw, &byte, 1, off_t(offset)) == 1)
        }
    }

    @Test func `keeps a checkpoint for a successor, and no half of one`() throws {
        let ring = try Self.ring(1000)
        #expect(ring.checkpoint == nil)
        ring.append(Array("output".utf8))
        let checkpoint = OutputRing.Checkpoint(
            sequence: 3, size: WindowSize(columns: 80, rows: 25)!, bytes: Array("screen".utf8))
        ring.setCheckpoint(checkpoint)
        #expect(try OutputRing.adopt(try Self.memory(of: ring), session: Self.session).checkpoint == checkpoint)
        var later = checkpoint
        later.bytes = [UInt8](repeating: 1, count: OutputRing.checkpointCapacity + 1)
        ring.setCheckpoint(later)
        #expect(ring.checkpoint == checkpoint, "what does not fit takes nothing away")
        try Self.flip(ring, at: 4096 + 2)
        #expect(ring.checkpoint == nil)
    }

    // MARK: From a terminal

    @Test func `reads a terminal to its end, through its own edge`() throws {
        let pair = try PseudoTerminal.open(size: .standard)
        let ring = try Self.ring(1500)
        let terminal = pair.terminal
        var settings = termios()
        pair.slave.withRawValue { _ = tcgetattr($0, &settings) }
        cfmakeraw(&settings)
        pair.slave.withRawValue { _ = tcsetattr($0, TCSANOW, &settings) }
        #expect(try ring.read(from: terminal) == .nothing)
        var all: [UInt8] = []
        for round in 0..<20 {
            let part = (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ round) }
            try pair.slave.writeAll(part, name: "slave")
            all += part
            while case .read = try ring.read(from: terminal) {}
            let isTail = ring.slice(from: 0) == (UInt64(max(0, all.count - 1500)), Array(all.suffix(1500)))
            #expect(isTail, "round \(round)")
        }
        _ = consume pair
        #expect(try ring.read(from: terminal) == .hungUp)
        #expect(ring.end == 14_000)
    }

    /// Symptom, before there was a mark: a host that was killed while it read a terminal had lost those bytes, or sent them twice.
    @Test func `knows of a read that was cut off whether it has happened`() throws {
        for (happened, count) in [(false, 1), (true, 1), (false, 700), (true, 700)] {
            let ring = try Self.ring(1000)
            ring.append(Array(repeating: 1, count: 900 - count))
            try Self.pretendRead(ring, count: count, happened: happened)
            let again = try OutputRing.adopt(try Self.memory(of: ring), session: Self.session)
            #expect(again.end == UInt64(happened ? 900 : 900 - count), "\(happened), \(count)")
            let isRead = again.slice(from: UInt64(900 - count)).bytes == Array(repeating: 65, count: count)
            #expect(isRead == happened)
        }
    }

    // Symptom: a byte that nobody had printed stood in the output of a session whose host was killed as an echo came. Cause: a look at a terminal
    // that had nothing left a mark, and the next read of as many bytes seemed to be marked before it was.
    @Test func `takes no read for one that was marked before`() throws {
        let pair = try PseudoTerminal.open(size: .standard)
        let ring = try Self.ring(1000)
        ring.append(Array("output".utf8))
        #expect(try ring.read(from: pair.terminal) == .nothing)
        // Killed before the place was marked.
        try Self.memory(of: ring).withRawValue { raw in
            var intended = ring.end + 1
            #expect(pwrite(raw, &intended, 8, 88) == 8)
        }
        let again = try OutputRing.adopt(try Self.memory(of: ring), session: Self.session)
        #expect(again.end == 6)
        #expect(again.slice(from: 0).bytes == Array("output".utf8))
    }

    @Test func `gives up of its oldest bytes those whose place a cut-off read has taken`() throws {
        let ring = try Self.ring(1000)
        ring.append(Array(repeating: 1, count: 1500))
        try Self.pretendRead(ring, count: 200, happened: false)
        let again = try OutputRing.adopt(try Self.memory(of: ring), session: Self.session)
        #expect(again.end == 1500)
        #expect(again.start == 700)
        #expect(again.slice(from: 0).bytes == Array(repeating: 1, count: 800))
    }

    /// Leaves a ring as SIGKILL in a read of `count` bytes leaves it, before or after the kernel has filled the place.
    private static func pretendRead(_ ring: OutputRing, count: Int, happened: Bool) throws {
        let end = ring.end
        let place = 4096 + OutputRing.checkpointCapacity + Int(end % UInt64(ring.capacity))
        try memory(of: ring).withRawValue { raw in
            var mark = [UInt8](repeating: 0, count: 16)
            #expect(pread(raw, &mark, 16, 104) == 16)
            let filled = happened ? [UInt8](repeating: 65, count: count) : Array(mark.prefix(count))
            #expect(pwrite(raw, filled, filled.count, off_t(place)) == filled.count)
            var intended = end + UInt64(count)
            #expect(pwrite(raw, &intended, 8, 88) == 8)
            #expect(pwrite(raw, &intended, 8, 96) == 8)
        }
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
