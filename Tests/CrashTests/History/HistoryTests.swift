import Foundation
import TestSupport
import Testing

/// What happens is chosen by chance, from seeds that can be given as `CORRAL_HISTORIES=FIRST-LAST`.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A host after any history` {
    private static let environment = ProcessInfo.processInfo.environment

    /// The seeds, a few when none are given.
    private static var seeds: ClosedRange<UInt64> {
        get throws {
            guard let text = environment["CORRAL_HISTORIES"] else { return 1...6 }
            let ends = text.split(separator: "-").compactMap { UInt64($0) }
            return try #require(ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil)
        }
    }

    @Test func `has killed no living session, left no dead one alive, and says what is so (I1, I4, I9)`() async throws {
        if let text = Self.environment["CORRAL_HISTORY"] {
            return try await HistoryRun.run(try #require(History(text)))
        }
        for seed in try Self.seeds {
            let history = History(seed: seed, count: 14)
            print("history \(seed): \(history)")
            do {
                try await HistoryRun.run(history)
            } catch {
                let (shortest, failure) = await Self.shortened(history, error)
                Issue.record("seed \(seed), CORRAL_HISTORY='\(shortest)': \(failure)")
                return
            }
        }
    }

    /// Takes events away while the rest still fails. A failure that is not certain may not come again: then nothing is taken.
    private static func shortened(_ history: History, _ failure: any Error) async -> (History, any Error) {
        var (shortest, last) = (history, failure)
        var place = 0
        while place < shortest.events.count {
            var shorter = shortest
            shorter.events.remove(at: place)
            do {
                try await HistoryRun.run(shorter)
                place += 1
            } catch {
                (shortest, last) = (shorter, error)
            }
        }
        return (shortest, last)
    }

    @Test func `can be written down and read again`() {
        for seed in 1...50 as ClosedRange<UInt64> {
            let history = History(seed: seed, count: 40)
            #expect(History(history.description) == history)
        }
        #expect(History("w x3") == nil)
    }
}
