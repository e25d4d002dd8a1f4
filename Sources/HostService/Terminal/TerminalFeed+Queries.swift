import CgroupPty
import TerminalScreen

/// The queries of programs (where is the cursor, what are you?) while no client with a window is attached that would answer: then the
/// host does, from the screen, or a program would wait until somebody attaches, and for ever for the answer to what it asked before that.
///
/// A query has one answer for each window that is given it, else the host's. A window that has gone may come back for the bytes that it
/// missed, and so the host leaves it ``TerminalFeed/returnTime``; one that comes later gets a picture where the host has answered. What a window
/// was given and has not answered when it goes nobody answers. Answers are made beside the way of the bytes, which only looks whether there may be
/// a query before a pause.
extension TerminalFeed {
    /// Bytes before a pause that are looked at. In a flood nobody waits for an answer.
    private static let bytesLookedAt = 64 << 10
    /// The beginning of a query that was cut off lies before its end by less.
    private static let queryLength = 32
    /// Between two answers: so many times as long as an answer takes, so that a program that asks without end takes little of a processor,
    /// within limits, since an answer also takes long where others have the processors.
    private static let interval = (
        shortest: Duration.milliseconds(20), timesAnswer: 4, longest: Duration.milliseconds(500)
    )

    /// The output has paused: answers what was asked, unless a window does. Returns at once.
    func answerAtPause() {
        let isAsked = state.withLock { state in
            guard !state.isAnswering, Self.isAsked(&state) else { return false }
            state.isAnswering = true
            return true
        }
        if isAsked { Task { await answerUntilQuiet() } }
    }

    /// Answers what was asked in a screen's material, or just before it.
    func answer(_ shown: ScreenMaterial, from first: UInt64) async {
        var material = shown
        if first < shown.from {
            // A checkpoint was made behind the query.
            material = state.withLock { $0.material(from: first) }
            material.bytes.removeLast(min(material.bytes.count, Int(material.end - min(shown.end, material.end))))
        }
        let asked = material.bytes.suffix(Int(material.end - min(first, material.end)) + Self.queryLength)
        guard first < material.end, Screen.mayAsk(Array(asked)) else { return }
        let bytes = await Self.reading.run { [material] in material.answers(from: first) }
        let answer = state.withLock { state in
            if !bytes.isEmpty { state.answeredUpTo = max(state.answeredUpTo, material.end) }
            return state.answer
        }
        if !bytes.isEmpty { answer?(bytes) }
    }

    private func answerUntilQuiet() async {
        while let instant = await answerOrWait() {
            do { try await Task.sleep(until: instant, clock: .continuous) } catch { break }
        }
        state.withLock { $0.isAnswering = false }
        // What came between the last look and this was not looked at.
        answerAtPause()
    }

    /// Answers what was asked, unless a window may still do that.
    /// - Returns: when to look again; nil when nothing is asked, or a window is there.
    private func answerOrWait() async -> ContinuousClock.Instant? {
        let began = ContinuousClock.now
        let (material, first, instant) = state.withLock {
            state -> (ScreenMaterial?, UInt64, ContinuousClock.Instant?) in
            guard Self.isAsked(&state) else { return (nil, 0, nil) }
            if let instant = state.windowMayReturnUntil, instant > began { return (nil, 0, instant) }
            let material = state.material(from: state.queriesFrom)
            return (material, state.takeOverQueries(upTo: material.end) ?? material.end, nil)
        }
        guard let material else { return instant }
        await answer(material, from: first)
        let pause = (.now - began) * Self.interval.timesAnswer
        return .now + min(max(pause, Self.interval.shortest), Self.interval.longest)
    }

    /// Whether something may have been asked that nobody else answers. What is looked at without finding any is not looked at again.
    private static func isAsked(_ state: inout State) -> Bool {
        guard state.ended == nil, state.answer != nil, !state.hasWindow, state.windowsComing == 0,
            state.queriesFrom < state.ring.end
        else { return false }
        let last = UInt64(bytesLookedAt)
        if state.ring.end - state.queriesFrom > last { state.queriesFrom = state.ring.end - last }
        let overlap = min(state.queriesFrom, UInt64(queryLength))
        if Screen.mayAsk(state.ring.slice(from: state.queriesFrom - overlap).bytes) { return true }
        state.queriesFrom = state.ring.end
        return false
    }
}
