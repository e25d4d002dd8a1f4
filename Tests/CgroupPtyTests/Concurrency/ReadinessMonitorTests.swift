import CgroupPty
import Glibc
import TestSupport
import Testing

@Suite struct `A readiness monitor` {
    /// A monitor that is stopped at the end, also of a test that fails.
    private static func with(_ body: (ReadinessMonitor) async throws -> Void) async throws {
        let monitor = try ReadinessMonitor()
        defer { monitor.stop() }
        try await body(monitor)
    }

    @Test func `tells at once what is ready already`() async throws {
        try await Self.with { monitor in
            let pipe = try PipePair()
            try pipe.write()
            #expect(try await monitor.wait(for: pipe.reader, .readable, until: .after(.seconds(60))) == .ready)
            // Level-triggered: nobody has read it yet.
            #expect(try await monitor.wait(for: pipe.reader, .readable, until: nil) == .ready)
        }
    }

    @Test func `wakes when something comes, and when the other end goes`() async throws {
        try await Self.with { monitor in
            let written = try PipePair()
            let copy = try written.reader.duplicate()
            async let first = monitor.wait(for: copy, .readable, until: .after(.seconds(60)))
            try written.write()
            #expect(try await first == .ready)
            let closed = try PipePair().closeWriter()
            #expect(try await monitor.wait(for: closed, .readable, until: .after(.seconds(60))) == .ready)
            #expect(try await monitor.wait(for: closed, .hangup, until: .after(.seconds(60))) == .ready)
        }
    }

    @Test func `does not take input for a hangup`() async throws {
        try await Self.with { monitor in
            let pipe = try PipePair()
            try pipe.write()
            #expect(
                try await monitor.wait(for: pipe.reader, .hangup, until: .after(.milliseconds(20))) == .deadlinePassed)
        }
    }

    @Test func `gives up at the deadline and not before (I8)`() async throws {
        try await Self.with { monitor in
            let pipe = try PipePair()
            let deadline = Deadline.after(.milliseconds(40))
            #expect(try await monitor.wait(for: pipe.reader, .readable, until: deadline) == .deadlinePassed)
            #expect(deadline.hasPassed)
            #expect(
                try await monitor.wait(for: pipe.reader, .readable, until: Deadline(bootNanoseconds: 0))
                    == .deadlinePassed)
        }
    }

    @Test func `prefers readiness to a deadline that has passed`() async throws {
        try await Self.with { monitor in
            let pipe = try PipePair()
            try pipe.write()
            for _ in 0..<300 {
                #expect(
                    try await monitor.wait(for: pipe.reader, .readable, until: Deadline(bootNanoseconds: 0)) == .ready)
            }
        }
    }

    @Test func `ends a wait whose task is cancelled, before it began or since`() async throws {
        try await Self.with { monitor in
            let pipe = try PipePair()
            let early = Task { [reader = try pipe.reader.duplicate()] in
                withUnsafeCurrentTask { $0?.cancel() }
                return try await monitor.wait(for: reader, .readable, until: .after(.seconds(60)))
            }
            #expect(try await early.value == .cancelled)
            for _ in 0..<200 {
                let late = Task { [reader = try pipe.reader.duplicate()] in
                    try await monitor.wait(for: reader, .readable, until: .after(.seconds(60)))
                }
                await Task.yield()
                late.cancel()
                #expect(try await late.value == .cancelled)
            }
            #expect(try DescriptorCount.sharing(pipe.reader) == 2)
        }
    }

    @Test func `ends every wait when it is stopped, and takes no more`() async throws {
        let monitor = try ReadinessMonitor()
        let pipe = try PipePair()
        let waits = try (0..<20).map { number in
            Task { [reader = try pipe.reader.duplicate()] in
                try await monitor.wait(
                    for: reader, .readable, until: number.isMultiple(of: 2) ? nil : .after(.seconds(60)))
            }
        }
        await Task.yield()
        monitor.stop()
        for wait in waits { #expect(try await wait.value == .cancelled) }
        #expect(try await monitor.wait(for: pipe.reader, .readable, until: nil) == .cancelled)
        monitor.stop()
        #expect(try DescriptorCount.sharing(pipe.reader) == 2)
    }

    @Test func `serves many waits at once, each with its own answer`() async throws {
        try await Self.with { monitor in
            let ready = try PipePair()
            let idle = try PipePair()
            try ready.write()
            let answers = try await withThrowingTaskGroup(of: (Int, ReadinessMonitor.Readiness).self) { group in
                for number in 0..<300 {
                    let isReady = number.isMultiple(of: 3)
                    let copy = isReady ? try ready.reader.duplicate() : try idle.reader.duplicate()
                    group.addTask {
                        (
                            number,
                            try await monitor.wait(
                                for: copy, .readable, until: .after(.milliseconds(isReady ? 60_000 : number)))
                        )
                    }
                }
                return try await group.reduce(into: [Int: ReadinessMonitor.Readiness]()) { $0[$1.0] = $1.1 }
            }
            for (number, answer) in answers {
                #expect(answer == (number.isMultiple(of: 3) ? .ready : .deadlinePassed), "wait \(number)")
            }
        }
    }

    @Test func `serves two waits for one descriptor`() async throws {
        try await Self.with { monitor in
            let pipe = try PipePair()
            let first = try pipe.reader.duplicate()
            let second = try pipe.reader.duplicate()
            async let one = monitor.wait(for: first, .readable, until: .after(.seconds(60)))
            async let two = monitor.wait(for: second, .readable, until: .after(.seconds(60)))
            try pipe.write()
            #expect(try await one == .ready)
            #expect(try await two == .ready)
        }
    }

    @Test func `outlives the owner's descriptor`() async throws {
        try await Self.with { monitor in
            let pipe = try PipePair()
            try pipe.write()
            let copy = try pipe.reader.duplicate()
            async let answer = monitor.wait(for: copy, .readable, until: .after(.seconds(60)))
            #expect(try await answer == .ready)
            let reader = try pipe.closeWriter()
            _ = reader
        }
    }

    @Test func `refuses what cannot be waited for`() async throws {
        try await Self.with { monitor in
            let directory = try TemporaryDirectory()
            let file = try OwnedFileDescriptor.open(path: directory.path + "/f", flags: O_CREAT | O_RDWR, mode: 0o600)
            await #expect(throws: SystemCallFailure(call: "epoll_ctl", subject: "descriptor", errno: EPERM)) {
                try await monitor.wait(for: file, .readable, until: nil)
            }
            #expect(try DescriptorCount.sharing(file) == 1)
        }
    }

    @Test func `leaves no descriptor behind, however a wait ends (I5)`() async throws {
        let monitor = try ReadinessMonitor()
        let ready = try PipePair()
        let idle = try PipePair()
        try ready.write()
        // The counter sees one leak.
        let before = try DescriptorCount.sharing(ready.reader)
        let leaked = try ready.reader.duplicate().release()
        #expect(try DescriptorCount.sharing(ready.reader) == before + 1)
        close(leaked)
        #expect(try DescriptorCount.sharing(ready.reader) == before)

        for _ in 0..<100 {
            _ = try await monitor.wait(for: ready.reader, .readable, until: .after(.seconds(60)))
            _ = try await monitor.wait(for: idle.reader, .readable, until: Deadline(bootNanoseconds: 0))
        }
        let waiting = Task { [reader = try idle.reader.duplicate()] in
            try await monitor.wait(for: reader, .readable, until: nil)
        }
        await Task.yield()
        monitor.stop()
        #expect(try await waiting.value == .cancelled)
        #expect(try DescriptorCount.sharing(ready.reader) == before)
        #expect(try DescriptorCount.sharing(idle.reader) == before)
    }

    @Test func `keeps waits apart while they come, end and are cancelled from many threads`() async throws {
        try await Self.with { monitor in
            let ready = try PipePair()
            try ready.write()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    let copy = try ready.reader.duplicate()
                    let idle = try PipePair()
                    group.addTask {
                        for step in 0..<200 {
                            switch (step + worker) % 3 {
                            case 0:
                                #expect(
                                    try await monitor.wait(for: copy, .readable, until: .after(.seconds(60))) == .ready)
                            case 1:
                                let until = Deadline(bootNanoseconds: 0)
                                #expect(
                                    try await monitor.wait(for: idle.reader, .readable, until: until) == .deadlinePassed
                                )
                            default:
                                let task = Task { [reader = try idle.reader.duplicate()] in
                                    try await monitor.wait(for: reader, .readable, until: .after(.seconds(60)))
                                }
                                task.cancel()
                                #expect(try await task.value == .cancelled)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
