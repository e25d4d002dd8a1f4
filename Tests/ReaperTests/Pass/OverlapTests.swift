import SessionIndex
import Testing

@testable import CgroupPty
@testable import Reaper

/// Lets nobody through until it is opened.
private final class Gate: Sendable {
    private let state = Locked<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Waits until something holds, for a minute and a half at most: other tests may keep all processors busy.
private func until(_ holds: () async -> Bool) async throws {
    let deadline = Deadline.after(.seconds(90))
    while await !holds() {
        guard !deadline.hasPassed else {
            Issue.record("it did not come to hold")
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}

@Suite(.timeLimit(.minutes(2))) struct `Passes` {
    @Test func `never overlap, and those who wait for the same thing share one`() async throws {
        let fixture = try await Fixture()
        let gate = Gate()
        fixture.world.change { $0.duringLook = { await gate.pass() } }
        let reaper = fixture.reaper()
        let first = Task { await reaper.pass() }
        try await until { fixture.world.read(\.looksUnderWay) == 1 }
        let others = (0..<5).map { _ in Task { await reaper.pass() } }
        let different = Task { await reaper.pass(dryRun: true) }
        try await until { await reaper.callersWaiting == 6 }
        gate.open()
        for pass in [first, different] + others { _ = try await pass.value.get() }
        #expect(await reaper.passes == 3, "the first, one that five share, and the dry run")
        #expect(fixture.world.read(\.mostLooksAtOnce) == 1)
    }

    @Test func `go on when the caller goes away (I7)`() async throws {
        let fixture = try await Fixture()
        let gate = Gate()
        fixture.world.change { $0.duringLook = { await gate.pass() } }
        let reaper = fixture.reaper()
        let caller = Task { await reaper.pass() }
        try await until { fixture.world.read(\.looksUnderWay) == 1 }
        caller.cancel()
        gate.open()
        _ = try await caller.value.get()
        #expect(await reaper.lastPass != nil)
    }

    @Test func `begin nothing more once the reaper is stopped`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        let gate = Gate()
        fixture.world.change { $0.duringLook = { await gate.pass() } }
        let reaper = fixture.reaper()
        let pass = Task { await reaper.pass() }
        try await until { fixture.world.read(\.looksUnderWay) == 1 }
        await reaper.stop()
        gate.open()
        #expect(await pass.value == .failure(.stopped))
        #expect(fixture.world.read(\.stopped).isEmpty)
        #expect(await reaper.pass() == .failure(.stopped))
    }

    @Test func `come at once, again and again, until the loop is cancelled`() async throws {
        let fixture = try await Fixture()
        let reaper = fixture.reaper()
        let loop = Task { await reaper.run(every: .milliseconds(5)) }
        try await until { await reaper.passes >= 3 }
        loop.cancel()
        await loop.value
    }

    @Test func `do not hold up the end of the loop`() async throws {
        let fixture = try await Fixture()
        let gate = Gate()
        fixture.world.change { $0.duringLook = { await gate.pass() } }
        let reaper = fixture.reaper()
        let loop = Task { await reaper.run(every: .seconds(300)) }
        try await until { fixture.world.read(\.looksUnderWay) == 1 }
        loop.cancel()
        await loop.value
        gate.open()
        try await until { await reaper.passes == 1 }
        #expect(await reaper.lastFailure == .stopped)
    }

    @Test func `come soon after a kill that failed`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        fixture.world.change { $0.outcomes[scope.unit] = .unknown("EIO") }
        var settings = ReaperSettings()
        settings.firstRetry = .milliseconds(1)
        let reaper = fixture.reaper(settings: settings)
        let loop = Task { await reaper.run(every: .seconds(300)) }
        try await until { await reaper.passes >= 3 }
        loop.cancel()
        await loop.value
        #expect(fixture.world.read(\.stopped).count >= 2)
    }

    /// A process that was stuck ended between the look and the stop: its session stayed open until the next pass, in five minutes.
    @Test func `come soon after something was spared since it had ended by itself`() async throws {
        let fixture = try await Fixture()
        let scope = try await fixture.live()
        _ = try await fixture.index.stampDispose(scope.session, at: Sample.noon)
        let world = fixture.world
        world.change { $0.duringLook = { world.change { $0.scopes[scope] = .empty } } }
        var settings = ReaperSettings()
        settings.firstRetry = .milliseconds(1)
        let reaper = fixture.reaper(settings: settings)
        let loop = Task { await reaper.run(every: .seconds(300)) }
        try await until { (try? await fixture.index.session(scope.session))??.status == .disposed }
        loop.cancel()
        await loop.value
        #expect(world.read(\.stopped).isEmpty)
    }
}

@Suite struct `The schedule` {
    private func seconds(until deadline: Deadline) -> Int {
        let (seconds, attoseconds) = deadline.remaining.components
        return Int(seconds) + (attoseconds > 500_000_000_000_000_000 ? 1 : 0)
    }

    @Test func `waits twice as long after each failure, up to its limit, and begins anew after a success`() {
        var schedule = PassSchedule(first: .seconds(5), last: .seconds(120))
        schedule.start(every: .seconds(300))
        #expect(schedule.due.hasPassed)
        for wait in [5, 10, 20, 40, 80, 120, 120] {
            schedule.passWasMade(needsAnother: true)
            #expect(seconds(until: schedule.due) == wait)
        }
        schedule.passWasMade(needsAnother: false)
        #expect(seconds(until: schedule.due) == 300)
        schedule.passWasMade(needsAnother: true)
        #expect(seconds(until: schedule.due) == 5)
    }

    @Test func `never waits longer for a retry than for the next pass`() {
        var schedule = PassSchedule(first: .seconds(5), last: .seconds(120))
        schedule.start(every: .seconds(2))
        schedule.passWasMade(needsAnother: true)
        #expect(seconds(until: schedule.due) == 2)
    }
}
