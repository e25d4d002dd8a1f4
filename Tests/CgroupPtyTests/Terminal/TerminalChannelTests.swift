import Glibc
import TestSupport
import Testing

@testable import CgroupPty

@Suite struct `A terminal's channel` {
    /// Counts how often it is called, and keeps what comes.
    private final class Sink: TerminalSink {
        let calls = Locked(0)
        private let ring = Locked<OutputRing?>(nil)

        init(_ ring: sending OutputRing) { self.ring.withLock { $0 = ring } }

        var text: String {
            ring.withLock { ring in
                ring.map { String(decoding: $0.slice(from: 0).bytes, as: UTF8.self) } ?? ""
            }
        }

        func drain(_ terminal: PseudoTerminal, atMost limit: Int) throws(SystemCallFailure) -> OutputRing.ReadOutcome {
            calls.withLock { $0 += 1 }
            return try ring.withLock { ring throws(SystemCallFailure) in try ring?.read(from: terminal) ?? .nothing }
        }
    }

    private static func sink() throws -> Sink {
        Sink(try OutputRing.make(session: SessionID("stest")!, capacity: 65_536))
    }

    // Symptom: one empty frame of a client kept the thread of all terminals busy, and nothing that was typed into that session afterwards
    // arrived. Cause: an empty write waited for a terminal that takes more than nothing, before all others.
    @Test func `passes over empty input, and writes what comes after it`() async throws {
        let pump = try TerminalPump()
        defer { pump.stop() }
        let pair = try PseudoTerminal.open(size: #require(WindowSize(columns: 80, rows: 24)))
        let sink = try Self.sink()
        let channel = try pump.start(pair.terminal, of: nil, into: sink)
        defer { channel.close() }
        #expect(channel.sendAtOnce([]))
        #expect(await channel.send([[]]) == .written)
        #expect(channel.enqueue([[], Array("one".utf8), []]) == .written)
        #expect(channel.sendAtOnce(Array(" two\n".utf8)))
        #expect(Self.read(pair.slave, atMost: 100).elementsEqual("one two\n".utf8))
        await pump.turnOver()
        let calls = sink.calls.withLock { $0 }
        for _ in 0..<20 { await pump.turnOver() }
        #expect(sink.calls.withLock { $0 } <= calls + 1, "the thread goes round without end")
    }

    /// Has a terminal pass all 256 values on as they are, without an echo.
    private static func makeRaw(_ slave: borrowing OwnedFileDescriptor) {
        slave.withRawValue { slave in
            var modes = termios()
            tcgetattr(slave, &modes)
            cfmakeraw(&modes)
            tcsetattr(slave, TCSANOW, &modes)
        }
    }

    /// Bytes that the kernel holds for whoever reads the slave. See: ioctl_tty(2), FIONREAD
    private static func waiting(_ slave: borrowing OwnedFileDescriptor) -> CInt {
        slave.withRawValue { slave in
            var count: CInt = 0
            return ioctl(slave, UInt(FIONREAD), &count) == 0 ? count : -1
        }
    }

    /// What comes within ten seconds.
    private static func read(_ slave: borrowing OwnedFileDescriptor, atMost size: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = slave.withRawValue { slave in
            var wait = pollfd(fd: slave, events: Int16(POLLIN), revents: 0)
            return poll(&wait, 1, 10_000) == 1 ? Glibc.read(slave, &bytes, size) : 0
        }
        return Array(bytes.prefix(max(0, count)))
    }

    // Symptom: every terminal stood still when a program read on to which bytes had been sent one by one. Cause: only the bytes that wait were
    // counted, and each of the writes takes more memory, and more time the more there are.
    @Test func `lets a limited number of writes wait, and loses none (I8)`() async throws {
        let pump = try TerminalPump()
        defer { pump.stop() }
        let pair = try PseudoTerminal.open(size: #require(WindowSize(columns: 80, rows: 24)))
        Self.makeRaw(pair.slave)
        let channel = try pump.start(pair.terminal, of: nil, into: Self.sink())
        defer { channel.close() }
        var sent: [UInt8] = []
        var isFull = false
        while !isFull, sent.count < 1 << 20 {
            let byte = UInt8(truncatingIfNeeded: sent.count &* 31 &+ sent.count >> 8)
            switch channel.enqueue([[byte]]) {
            case .written: sent.append(byte)
            case .full: isFull = true
            case .closed: Issue.record("the terminal is open")
            }
        }
        #expect(isFull)
        var received: [UInt8] = []
        while received.count < sent.count, case let more = Self.read(pair.slave, atMost: 4096), !more.isEmpty {
            received += more
        }
        let isSame = received == sent
        #expect(isSame, "\(received.count) of \(sent.count)")
    }

    @Test func `loses, doubles and changes no byte of what is written while nobody reads`() async throws {
        let pump = try TerminalPump()
        defer { pump.stop() }
        let pair = try PseudoTerminal.open(size: #require(WindowSize(columns: 80, rows: 24)))
        Self.makeRaw(pair.slave)
        let sink = try Self.sink()
        let channel = try pump.start(pair.terminal, of: nil, into: sink)
        defer { channel.close() }
        for input in MutatedInput.each(5) {
            var chance = input
            var sent: [UInt8] = []
            while sent.count < 600_000 {
                let writes = (0..<Int.random(in: 1...3, using: &chance)).map { _ in
                    chance.bytes(Int.random(in: 1...40_000, using: &chance))
                }
                sent += writes.joined()
                #expect(channel.enqueue(writes) == .written)
            }
            let deadline = Deadline.after(.seconds(30))
            while Self.waiting(pair.slave) < 4095, !deadline.hasPassed { await pump.turnOver() }
            #expect(Self.waiting(pair.slave) == 4095, "the kernel's buffer is full")
            #expect(!channel.sendAtOnce([1]), "the rest waits")
            #expect(
                channel.enqueue([[UInt8](repeating: 2, count: TerminalChannel.pendingLimit)]) == .full,
                "what would be too much is not written, not even in part")
            #expect(channel.enqueue([[3], [4]]) == .written)
            sent += [3, 4]
            var got: [UInt8] = []
            while got.count < sent.count {
                let more = Self.read(
                    pair.slave, atMost: Int.random(in: 1...(got.count < 20_000 ? 50 : 8192), using: &chance))
                if more.isEmpty { break }
                got += more
            }
            #expect(await channel.waitUntilWritten(until: .after(.seconds(30))) == 0)
            #expect(got.count == sent.count, "seed \(input.seed)")
            #expect(zip(got, sent).enumerated().first { $1.0 != $1.1 } == nil, "seed \(input.seed)")
            #expect(Self.waiting(pair.slave) == 0)
        }
    }

    // Symptom: what wrote to a log and then asked on /dev/tty was never heard, nor answered. Cause: while nobody has the slave open the
    // master answers as if it were hung up, and was read no more.
    @Test func `outlives a moment in which nobody has it open, while its leader lives`() async throws {
        let pump = try TerminalPump()
        defer { pump.stop() }
        let size = try #require(WindowSize(columns: 80, rows: 24))
        let terminal = try PseudoTerminal.open(size: size).terminal
        var number: pid_t = 0
        let words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("1000"), nil]
        defer { for word in words { free(word) } }
        let answer = posix_spawn(&number, "/bin/sleep", nil, nil, words, environ)
        try #require(answer == 0)
        let leader = try #require(try Pidfd.open(ProcessID(number)))
        defer {
            _ = try? leader.signal(SIGKILL)
            waitpid(number, nil, 0)
        }
        let sink = try Self.sink()
        let channel = try pump.start(terminal, of: leader, into: sink)
        defer { channel.close() }
        func write(_ text: String, closing slave: consuming OwnedFileDescriptor) async throws {
            let expected = sink.text + text
            try slave.writeAll(text.utf8, name: "slave")
            let deadline = Deadline.after(.seconds(20))
            while sink.text != expected, !deadline.hasPassed { await pump.turnOver() }
            #expect(sink.text == expected)
        }
        try await write("one", closing: terminal.openSlave())
        // It is told that nobody has it open.
        for _ in 0..<10 { await pump.turnOver() }
        try await write(" two", closing: terminal.openSlave())
        for _ in 0..<10 { await pump.turnOver() }
        #expect(channel.sendAtOnce(Array("answer".utf8)))
        #expect(await channel.waitUntilDrained(until: .after(.milliseconds(50))) == false, "its leader lives")

        try leader.signal(SIGKILL)
        let monitor = try ReadinessMonitor()
        #expect(try await leader.waitForExit(monitor, until: .after(.seconds(20))))
        channel.leaderExited()
        #expect(await channel.waitUntilDrained(until: .after(.seconds(20))))
        #expect(await channel.send([[1]]) == .closed)
    }
}
