import CgroupPty
import TerminalScreen

/// The queries of programs (where is the cursor, what are you?) while no terminal is attached that would answer: then the host does,
/// from the screen, or a program would wait until somebody attaches, and for ever for the answer to what it asked before that.
///
/// Each query has one answer. Those in bytes that a terminal is given are that terminal's; those before them, and those while
/// there is none, are the host's. A terminal that has gone may come back for the bytes it missed, and so the host leaves it
/// ``TerminalFeed/returnTime``. Answers are made beside the way of the bytes, which only looks whether there may be a query before a pause.
extension TerminalFeed {
    /// Bytes before a pause that are looked at. In a flood nobody waits for an answer.
    private static let bytesLookedAt = 64 << 10
    /// The beginning of a query that was cut off lies before its end by less.
    private static let queryLength = 32
    /// Between two answers: a program that asks without end is to take little of a processor.
    private static let interval = Duration.milliseconds(20)

    /// The output has paused: answers what was asked, unless a terminal does. Returns at once.
    func answerAtPause() {
        let isAsked = state.withLock { state in
            guard !state.isAnswering, Self.isAsked(&state) else { return false }
            state.isAnswering = true
            return true
        }
        if isAsked { Task { await answerUntilQuiet() } }
    }

    /// Answers what was asked in the last bytes of a picture: the terminal that it was made for is given the bytes after it.
    func answer(_ material: ScreenMaterial, from first: UInt64) async {
        guard first < material.end, let answer = state.withLock({ $0.answer }) else { return }
        let bytes = await Self.reading.run { material.answers(from: first) }
        if !bytes.isEmpty { answer(bytes) }
    }

    private func answerUntilQuiet() async {
        repeat {
            if let instant = state.withLock({ $0.terminalMayReturnUntil }) {
                do { try await Task.sleep(until: instant, clock: .continuous) } catch { break }
            }
            let claim = state.withLock { state -> (ScreenMaterial, UInt64)? in
                guard !state.hasTerminal, state.ended == nil else { return nil }
                let material = state.material()
                return (material, state.claimQueries(upTo: material.end))
            }
            guard let claim else { break }
            await answer(claim.0, from: claim.1)
            do { try await Task.sleep(for: Self.interval) } catch { break }
        } while state.withLock { Self.isAsked(&$0) }
        state.withLock { $0.isAnswering = false }
        // What came between the last look and this was not looked at.
        answerAtPause()
    }

    /// Whether something may have been asked that nobody else answers. What is looked at without finding any is not looked at again.
    private static func isAsked(_ state: inout State) -> Bool {
        guard state.ended == nil, state.answer != nil, !state.hasTerminal, state.queriesFrom < state.ring.end else {
            return false
        }
        let last = UInt64(bytesLookedAt)
        if state.ring.end - state.queriesFrom > last { state.queriesFrom = state.ring.end - last }
        let overlap = min(state.queriesFrom, UInt64(queryLength))
        if Screen.mayAsk(state.ring.slice(from: state.queriesFrom - overlap).bytes) { return true }
        state.queriesFrom = state.ring.end
        return false
    }
}
