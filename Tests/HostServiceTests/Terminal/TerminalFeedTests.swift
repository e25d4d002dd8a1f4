import CgroupPty
import Glibc
import HostProtocol
import NIOCore
import TerminalScreen
import Testing

@testable import HostService

@Suite struct `A session's output` {
    private static let session = SessionID("sfeed")!

    /// A feed on a real terminal in raw mode, and the other end of that.
    private final class Source {
        let feed: TerminalFeed
        let terminal: PseudoTerminal
        let slave: OwnedFileDescriptor

        init(capacity: Int = OutputRing.standardCapacity, returnTime: Duration = .milliseconds(10)) throws {
            let pair = try PseudoTerminal.open(size: .standard)
            var settings = termios()
            pair.slave.withRawValue { _ = tcgetattr($0, &settings) }
            cfmakeraw(&settings)
            pair.slave.withRawValue { _ = tcsetattr($0, TCSANOW, &settings) }
            terminal = pair.terminal
            slave = try pair.slave.duplicate()
            feed = TerminalFeed(
                session: session, ring: try .make(session: session, capacity: capacity), size: .standard,
                returnTime: returnTime)
        }

        /// Writes as a program and has it drained; what a terminal holds is less than what is written.
        func print(_ bytes: [UInt8]) throws {
            var rest = bytes[...]
            while !rest.isEmpty {
                try slave.writeAll(rest.prefix(2048), name: "slave")
                rest = rest.dropFirst(2048)
                while case .read = try feed.drain(terminal, atMost: 1 << 20) {}
            }
        }
    }

    private static func attach(_ feed: TerminalFeed, title: String, from: UInt64?, epoch: String?) async -> UInt64 {
        let key = feed.newKey()
        await feed.attach(key, title: title, from: from, epoch: epoch)
        return key
    }

    /// Everything that a reader is given now.
    private static func taken(
        _ feed: TerminalFeed, _ key: UInt64
    ) -> (bytes: [UInt8], messages: [AttachMessage], isCut: Bool) {
        var bytes: [UInt8] = []
        var messages: [AttachMessage] = []
        while let event = feed.next(key, atMost: 64 << 10, orTell: {}) {
            switch event {
            case .bytes(let buffer): bytes += buffer.readableBytesView
            case .message(let message): messages.append(message)
            case .cut: return (bytes, messages, true)
            case .over: return (bytes, messages, false)
            }
        }
        return (bytes, messages, false)
    }

    private static func isWaiting(_ feed: TerminalFeed, _ key: UInt64, _ wake: @escaping @Sendable () -> Void) -> Bool {
        if case nil = feed.next(key, atMost: 10, orTell: wake) { true } else { false }
    }

    private static func pattern(_ count: Int, from: Int = 0) -> [UInt8] {
        (from..<(from + count)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    @Test func `reaches every client once, in order, whenever it came and however it takes`() async throws {
        let source = try Source(capacity: 64 << 10)
        try source.print(Self.pattern(1000))
        let early = await Self.attach(source.feed, title: "t", from: 1000, epoch: source.feed.slice(from: 0).epoch)
        #expect(Self.taken(source.feed, early).messages.map(\.type) == [.attached, .title, .synced])
        try source.print(Self.pattern(5000, from: 1000))
        let epoch = source.feed.slice(from: 0).epoch
        let late = await Self.attach(source.feed, title: "t", from: 500, epoch: epoch)
        let (bytes, messages, _) = Self.taken(source.feed, late)
        #expect(messages.last?.mode == .exact)
        #expect(messages.last?.seq == 500)
        let isMissed = bytes == Self.pattern(5500, from: 500)
        #expect(isMissed)
        // Far more than the ring holds, while one of them takes nothing.
        try source.print(Self.pattern(500_000, from: 6000))
        let live = Self.taken(source.feed, late).bytes == Self.pattern(500_000, from: 6000)
        let slow = Self.taken(source.feed, early).bytes == Self.pattern(505_000, from: 1000)
        #expect(live)
        #expect(slow)
    }

    @Test func `is kept for a client up to a limit, beyond which it is cut and the others are not (I8)`() async throws {
        let source = try Source()
        let epoch = source.feed.slice(from: 0).epoch
        let stuck = await Self.attach(source.feed, title: "t", from: 0, epoch: epoch)
        let quick = await Self.attach(source.feed, title: "t", from: 0, epoch: epoch)
        _ = Self.taken(source.feed, quick)
        var count = 0
        let piece = Self.pattern(256 << 10)
        while count < TerminalFeed.unsentLimit + 3 * OutputRing.standardCapacity {
            try source.print(piece)
            count += 256 << 10
            #expect(Self.taken(source.feed, quick).bytes.count == 256 << 10)
        }
        let (bytes, _, isCut) = Self.taken(source.feed, stuck)
        #expect(isCut)
        #expect(bytes.isEmpty)
        #expect(!Self.taken(source.feed, quick).isCut)
        let again = await Self.attach(source.feed, title: "t", from: UInt64(count - 1000), epoch: epoch)
        #expect(Self.taken(source.feed, again).bytes.count == 1000)
    }

    @Test func `wakes who waits for it, once`() async throws {
        let source = try Source()
        let key = await Self.attach(source.feed, title: "t", from: nil, epoch: nil)
        while source.feed.next(key, atMost: 10, orTell: {}) != nil {}
        let woken = Locked(0)
        let wake: @Sendable () -> Void = { woken.withLock { $0 += 1 } }
        #expect(Self.isWaiting(source.feed, key, wake))
        try source.print([1])
        try source.print([2])
        #expect(woken.withLock { $0 } == 1)
        #expect(Self.taken(source.feed, key).bytes == [1, 2])
        #expect(Self.isWaiting(source.feed, key, wake))
        source.feed.end(exit: nil, reason: .exited)
        #expect(woken.withLock { $0 } == 2)
        #expect(Self.taken(source.feed, key).messages.map(\.type) == [.ended])
        #expect(source.feed.clientCount == 0)
    }

    @Test func `of a position that nobody can know is not continued`() async throws {
        let source = try Source(capacity: 1000)
        try source.print(Self.pattern(5000))
        let epoch = source.feed.slice(from: 0).epoch
        for (from, known, mode) in [
            (4500, epoch, AttachMessage.Mode.exact), (100, epoch, .reanchor), (9999, epoch, .reanchor),
            (4500, "beef", .reanchor),
        ] as [(UInt64, String, AttachMessage.Mode)] {
            let key = await Self.attach(source.feed, title: "t", from: from, epoch: known)
            #expect(Self.taken(source.feed, key).messages.last?.mode == mode, "\(from) in \(known)")
        }
        let new = await Self.attach(source.feed, title: "t", from: nil, epoch: nil)
        #expect(Self.taken(source.feed, new).messages.last?.mode == .tail)
    }

    /// Regression: what was put aside for a client lay in one buffer, which kept what the client had taken: a client that was always
    /// a little behind a flood made it grow without end.
    @Test func `that is put aside for a client takes no more memory than the client is behind (I8)`() async throws {
        let source = try Source(capacity: 64 << 10)
        let key = await Self.attach(
            source.feed, title: "t", from: 0, epoch: source.feed.slice(from: 0).epoch)
        _ = Self.taken(source.feed, key)
        try source.print(Self.pattern(256 << 10))
        var (next, largest) = (0, 0)
        for round in 1...60 {
            try source.print(Self.pattern(64 << 10, from: (256 << 10) + (round - 1) * (64 << 10)))
            var rest = 64 << 10
            while rest > 0, case .bytes(let bytes)? = source.feed.next(key, atMost: rest, orTell: {}) {
                #expect(Array(bytes.readableBytesView) == Self.pattern(bytes.readableBytes, from: next))
                (next, rest) = (next + bytes.readableBytes, rest - bytes.readableBytes)
                largest = max(largest, bytes.storageCapacity)
            }
            #expect(rest == 0)
        }
        #expect(largest <= 512 << 10, "256 KiB behind")
    }

    /// Regression: each size was remembered until a screen was kept, which takes the longer the more sizes there are.
    @Test func `remembers a limited number of sizes, and the last (I8)`() throws {
        let source = try Source()
        let sizes = [WindowSize(columns: 10, rows: 10)!, WindowSize(columns: 20, rows: 20)!]
        for number in 0..<2000 {
            source.feed.state.withLock { state in
                state.note(sizes[number % 2])
                state.note(sizes[number % 2])
                state.ring.append([65])
            }
        }
        #expect(source.feed.state.withLock { $0.sizings.count } == TerminalFeed.sizingsLimit)
        #expect(source.feed.size == sizes[1])
        for number in 0..<2000 { source.feed.state.withLock { $0.note(sizes[number % 2]) } }
        #expect(source.feed.state.withLock { $0.sizings.count } == TerminalFeed.sizingsLimit, "no byte came between")
    }

    // MARK: Pictures

    /// What a client that comes now would show, once it has got all that there is; and the numbers that it would count with.
    private static func shown(_ feed: TerminalFeed) async throws -> (screen: Screen, sequence: UInt64, key: UInt64) {
        let key = await attach(feed, title: "t", from: nil, epoch: nil)
        let (bytes, messages, _) = taken(feed, key)
        let synced = try #require(messages.last)
        let screen = Screen(columns: Int(feed.size.columns), rows: Int(feed.size.rows))
        screen.feed(bytes)
        return (screen, try #require(synced.seq) + UInt64(bytes.count - (synced.repaint ?? 0)), key)
    }

    // Symptom: whoever attached to a busy session saw `96mX` and the rest of images as text. Cause: the picture was one of the screen at
    // the last byte, and the bytes after it began in the middle of a sequence or a character.
    @Test(arguments: [
        ("a", "\u{1b}[38;5;1", "96mX"), ("b", "\u{1b}]2;a ti", "tle\u{07}X"), ("c", "\u{1b}", "[1mX"),
        ("f", "\u{1b}[1\n", "mX"),
        ("d", "\u{1b}[?1049h\u{1b}[?20", "04hX"),
        ("e", "\u{1b}Pq#0;2;0;0;0" + String(repeating: "~", count: 5000), "~\u{1b}\\X"),
    ])
    func `is shown from the beginning of what it is in the middle of`(
        text: String, begun: String, rest: String
    ) async throws {
        let source = try Source()
        try source.print(Array((text + begun).utf8))
        let (screen, sequence, key) = try await Self.shown(source.feed)
        #expect(sequence == source.feed.end)
        let read = await source.feed.screen(historyLines: 0, withCells: false)
        #expect(
            read.seq == source.feed.end
                - UInt64(begun.split(separator: "\u{1b}", omittingEmptySubsequences: false).last!.utf8.count + 1))
        source.feed.keepCheckpoint()
        try source.print(Array(rest.utf8))
        screen.feed(Self.taken(source.feed, key).bytes)
        let whole = Screen(columns: screen.columns, rows: screen.rows)
        whole.feed(Array((text + begun + rest).utf8))
        // One that begins with the checkpoint.
        let later = try await Self.shown(source.feed).screen
        for screen in [screen, later] {
            #expect(screen.repaint(historyLines: .max) == whole.repaint(historyLines: .max))
        }
    }

    // Symptom: after a flood of coloured lines nobody who attached to an editor got its modes. Cause: a screen with a thousand such lines is
    // larger than its place, and was left out together with the one that was kept before.
    @Test func `is kept with as much of its history as has room, and with its modes`() async throws {
        let source = try Source(capacity: 512 << 10)
        let line = (0..<60).map { "\u{1b}[38;2;\($0);7;9m" + String($0 % 10) }.joined() + "\u{1b}[m\r\n"
        for _ in 0..<500 { try source.print(Array(line.utf8)) }
        try source.print(Array("\u{1b}[?1049h\u{1b}[?2004h".utf8))
        source.feed.keepCheckpoint()
        for _ in 0..<10 { try source.print([UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)) }
        let screen = await source.feed.screen(historyLines: 1000, withCells: false)
        #expect(screen.isAlternateScreen)
        #expect(screen.bracketedPaste)
        #expect(await source.feed.wantsBracketedPaste())
        #expect(try await Self.shown(source.feed).screen.isAlternateScreen)
    }

    // Symptom: who attached to a program that fills a large window with colours got the main screen without mouse, cursor keys and pastes. Cause:
    // its screen alone is larger than the place for a checkpoint, and none was kept.
    @Test func `is kept with its modes when not even the screen has room`() async throws {
        let source = try Source(capacity: 512 << 10)
        try source.feed.resize(source.terminal, to: try #require(WindowSize(columns: 250, rows: 32)))
        try source.print(Array("\u{1b}[?1049h\u{1b}[?2004h\u{1b}[?1h\u{1b}]2;film\u{07}".utf8))
        // Each cell has colours of its own, so that none is left out.
        let row = (0..<250).map { "\u{1b}[38;2;\($0);100;200;48;2;100;\(250 - $0);200m▀" }.joined()
        let frame = Array(("\u{1b}[H" + String(repeating: row, count: 32)).utf8)
        try source.print(frame)
        source.feed.keepCheckpoint()
        let first = await source.feed.screen(historyLines: 0, withCells: false)
        #expect(!first.isComplete, "the checkpoint has not all of the text")
        #expect(first.lines.last == String(repeating: "▀", count: 250), "of what is still there")
        try source.print(frame)
        source.feed.keepCheckpoint()
        let screen = await source.feed.screen(historyLines: 0, withCells: false)
        #expect(screen.isAlternateScreen)
        #expect(screen.title == "film")
        #expect(try await Self.shown(source.feed).screen.modes.isBracketedPaste)
    }

    // Symptom: the modes that a program set before it printed two mebibytes at once were lost for good. Cause: nothing was kept of the first second.
    @Test(.timeLimit(.minutes(1))) func `is kept also in its first second`() async throws {
        let source = try Source(capacity: 128 << 10)
        try source.print(Array("\u{1b}[?1049h\u{1b}[?2004h".utf8))
        func print(upTo end: UInt64) throws {
            while source.feed.end < end { try source.print([UInt8](repeating: UInt8(ascii: "x"), count: 8 << 10)) }
        }
        try print(upTo: 80 << 10)
        while source.feed.state.withLock({ $0.ring.checkpointSequence }) == nil {
            try await Task.sleep(for: .milliseconds(2))
        }
        try print(upTo: 300 << 10)
        let screen = await source.feed.screen(historyLines: 0, withCells: false)
        #expect(screen.isAlternateScreen)
        #expect(screen.bracketedPaste)
    }

    // Symptom: who attached to a session that printed without end got a picture and was cut as too slow, each time anew. Cause: what came while
    // the picture was made counted as bytes that the client was behind.
    @Test func `is shown to who comes in a flood, who is not behind for what came while the picture was made`()
        async throws
    {
        let source = try Source(capacity: 512 << 10)
        let line = Array("\u{1b}[31mcolour\u{1b}[m and text that fills the line to some length\r\n".utf8)
        let piece = Array(repeating: line, count: 500).joined() + []
        while source.feed.end < 512 << 10 { try source.print(piece) }
        let attached = Locked<UInt64?>(nil)
        let (feed, before) = (source.feed, source.feed.end)
        let attaching = Task {
            let key = await Self.attach(feed, title: "t", from: nil, epoch: nil)
            attached.withLock { $0 = key }
        }
        // Most of it comes while the first picture is made.
        while source.feed.end - before < UInt64(TerminalFeed.unsentLimit + (1 << 20)) { try source.print(piece) }
        await attaching.value
        let key = try #require(attached.withLock { $0 })
        try source.print(Array("\u{1b}[2J\u{1b}[Hthe end".utf8))
        let (bytes, messages, isCut) = Self.taken(source.feed, key)
        #expect(!isCut)
        let synced = try #require(messages.last)
        #expect(try #require(synced.seq) + UInt64(bytes.count - (synced.repaint ?? 0)) == source.feed.end)
        let screen = Screen(columns: Int(source.feed.size.columns), rows: Int(source.feed.size.rows))
        screen.feed(bytes)
        #expect(screen.text(historyLines: 0).first == "the end")
    }

    // Symptom: after Ctrl-C up to 8 MiB of what a program had printed went on at a slow terminal. Cause: it was given all that it had
    // not taken.
    @Test func `is left out as far as a terminal has not taken it, when its user types`() async throws {
        let source = try Source()
        let (terminal, pipe) = (source.feed.newKey(), source.feed.newKey())
        await source.feed.attach(terminal, title: "t", from: nil, epoch: nil, columns: 120)
        await source.feed.attach(pipe, title: "t", from: nil, epoch: nil)
        let line = Array((String(repeating: "x", count: 78) + "\r\n").utf8)
        for _ in 0..<1000 { try source.print(line) }
        // Not far enough behind, and nobody waits for what a pipe is given.
        source.feed.skipAhead(terminal)
        #expect(Self.taken(source.feed, terminal).messages.map(\.type) == [.attached, .title, .synced])
        for _ in 0..<(TerminalFeed.unseenLimit / 80 + 1) { try source.print(line) }
        try source.print(Array("^C\r\n$ ".utf8))
        let (woken, end) = (Bell(), source.feed.end)
        source.feed.skipAhead(pipe)
        source.feed.skipAhead(terminal)
        var shown: (bytes: [UInt8], messages: [AttachMessage], isCut: Bool)
        shown = Self.taken(source.feed, terminal)
        while shown.messages.isEmpty {
            if Self.isWaiting(source.feed, terminal, { woken.ring() }) {
                _ = await woken.wait(until: .after(.seconds(300)))
            }
            shown = Self.taken(source.feed, terminal)
        }
        let synced = try #require(shown.messages.first)
        #expect((synced.type, synced.mode, synced.seq) == (.synced, .reanchor, end))
        #expect(shown.bytes.count == synced.repaint)
        let screen = Screen(columns: 120, rows: 32)
        screen.feed(shown.bytes)
        #expect(screen.text().suffix(2) == ["^C", "$"])
        try source.print(Array("live".utf8))
        #expect(Self.taken(source.feed, terminal).bytes == Array("live".utf8))
        #expect(Self.taken(source.feed, pipe).bytes.suffix(8) == Array("\r\n$ live".utf8))
    }

    // Symptom: after two keys at a window that was far behind the screen ended at the older of two pictures. Cause: the later one went before it.
    @Test func `is shown as it is last however many pictures a window has not taken`() async throws {
        let source = try Source()
        let window = source.feed.newKey()
        await source.feed.attach(window, title: "t", from: nil, epoch: nil, columns: 120)
        let line = Array((String(repeating: "x", count: 2046) + "\r\n").utf8)
        for round in 1...3 {
            for _ in 0...(TerminalFeed.unseenLimit / line.count) { try source.print(line) }
            try source.print(Array("round \(round)".utf8))
            source.feed.skipAhead(window)
            let deadline = Deadline.after(.seconds(300))
            while source.feed.state.withLock({ $0.readers[window]?.isHeld == true }), !deadline.hasPassed {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        let shown = Self.taken(source.feed, window)
        #expect(shown.messages.map(\.type) == [.attached, .title, .synced])
        #expect(shown.bytes.count == shown.messages.last?.repaint)
        #expect(shown.messages.last?.seq == source.feed.end)
        let screen = Screen(columns: 120, rows: 32)
        screen.feed(shown.bytes)
        #expect(screen.text().last == "round 3")
    }

    // MARK: Queries

    /// What the host has answered for a terminal.
    private final class Answers: Sendable {
        private let text = Locked("")
        private let bell = Bell()

        init(_ feed: TerminalFeed) {
            feed.answerQueries { [text, bell] bytes in
                text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
                bell.ring()
            }
        }

        /// Waits until so much was answered, at most five minutes: other tests have the threads.
        func after(_ count: Int) async -> String {
            let deadline = Deadline.after(.seconds(300))
            while text.withLock({ $0.utf8.count }) < count, await bell.wait(until: deadline) {}
            return text.withLock { $0 }
        }
    }

    // Symptom: a program that asked for the cursor waited until somebody attached (`fzf --height 40%`, by `session send`). Cause: only
    // an attached terminal answered.
    @Test func `has the host answer queries while no terminal is attached, once each`() async throws {
        let source = try Source()
        let answers = Answers(source.feed)
        try source.print(Array("one\u{1b}[6n\r\n\u{1b}[".utf8))
        #expect(await answers.after(6) == "\u{1b}[1;4R")
        // Cut in two, and a client that has no terminal does not answer.
        let client = source.feed.newKey()
        await source.feed.attach(client, title: "t", from: nil, epoch: nil)
        try source.print(Array("5ntwo\u{1b}[6n".utf8))
        #expect(await answers.after(16) == "\u{1b}[1;4R\u{1b}[0n\u{1b}[2;4R")
        try source.print(Array("\u{1b}[c".utf8))
        #expect(await answers.after(23) == "\u{1b}[1;4R\u{1b}[0n\u{1b}[2;4R\u{1b}[?1;2c")
    }

    @Test func `leaves queries to a window that is given them, and no others`() async throws {
        let source = try Source(returnTime: .seconds(600))
        // In the bytes before the picture, of which the window sees nothing.
        try source.print(Array("asked\u{1b}[6n".utf8))
        let answers = Answers(source.feed)
        #expect(await answers.after(6) == "\u{1b}[1;6R")
        let window = source.feed.newKey()
        await source.feed.attach(window, title: "t", from: nil, epoch: nil, columns: 120)
        // Its own: answered by it.
        try source.print(Array("\u{1b}[5n".utf8))
        let (bytes, _, _) = Self.taken(source.feed, window)
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\u{1b}[5n"))
        let (end, epoch) = (source.feed.end, source.feed.slice(from: 0).epoch)
        source.feed.detach(window)
        // It comes back for what it has missed, and answers that as well.
        try source.print(Array("\u{1b}[5n".utf8))
        await source.feed.attach(window, title: "t", from: end, epoch: epoch, columns: 120)
        #expect(Self.taken(source.feed, window).bytes == Array("\u{1b}[5n".utf8))
        // What is asked before a picture that it gets is answered by the host, also when it was there before.
        source.feed.detach(window)
        try source.print(Array("\u{1b}[6n".utf8))
        await source.feed.attach(window, title: "t", from: nil, epoch: nil, columns: 120)
        #expect(await answers.after(12) == "\u{1b}[1;6R\u{1b}[1;6R")
    }

    @Test func `is not given to a window again where the host has answered in it`() async throws {
        let source = try Source()
        let answers = Answers(source.feed)
        let window = source.feed.newKey()
        await source.feed.attach(window, title: "t", from: nil, epoch: nil, columns: 120)
        _ = Self.taken(source.feed, window)
        let (end, epoch) = (source.feed.end, source.feed.slice(from: 0).epoch)
        source.feed.detach(window)
        try source.print(Array("\u{1b}[5n".utf8))
        #expect(await answers.after(4) == "\u{1b}[0n")
        await source.feed.attach(window, title: "t", from: end, epoch: epoch, columns: 120)
        #expect(Self.taken(source.feed, window).messages.last?.mode == .reanchor)
        // One without a window answers nothing, and is given every byte.
        let pipe = source.feed.newKey()
        await source.feed.attach(pipe, title: "t", from: end, epoch: epoch)
        #expect(Self.taken(source.feed, pipe).bytes == Array("\u{1b}[5n".utf8))
    }

    // Symptoms: a query stayed without an answer when it came with the last bytes of a turn, before the host could write to the terminal, or
    // in what a window had not taken when it went. Causes: only an empty read was a pause; nobody looked again; what is put aside counted
    // as taken.
    @Test func `has each query answered wherever it lies`() async throws {
        let source = try Source(capacity: 64 << 10)
        try source.print(Array("\u{1b}[5n".utf8))
        let answers = Answers(source.feed)
        #expect(await answers.after(4) == "\u{1b}[0n")
        try source.slave.writeAll(Array("\u{1b}[6n".utf8)[...], name: "slave")
        #expect(try source.feed.drain(source.terminal, atMost: 4) == .read(4))
        #expect(await answers.after(10) == "\u{1b}[0n\u{1b}[1;1R")
        let window = source.feed.newKey()
        await source.feed.attach(window, title: "t", from: nil, epoch: nil, columns: 120)
        _ = Self.taken(source.feed, window)
        try source.print(Array("\u{1b}[5n".utf8) + Self.pattern(40 << 10).map { $0 & 0x3f | 0x40 })
        source.feed.detach(window)
        #expect(await answers.after(14) == "\u{1b}[0n\u{1b}[1;1R\u{1b}[0n")
    }
}
