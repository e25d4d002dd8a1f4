import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Ten kills of a host with twenty sessions, or as many as `CORRAL_SOAK` says: `100x50` is a hundred kills with fifty sessions.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `Sessions that all print` {
    private static let (kills, sessions): (Int, Int) = {
        let numbers = ProcessInfo.processInfo.environment["CORRAL_SOAK"]?.split(separator: "x").compactMap { Int($0) }
        guard let numbers, numbers.count == 2 else { return (10, 20) }
        return (numbers[0], numbers[1])
    }()

    @Test func `are all there after kill upon kill: no byte is missing or repeated, and nothing leaks`() async throws {
        try await ServiceHost.run(arguments: ["--ring-size", "64K"]) { host in
            var printing = try await PrintingSessions(
                host.client, host.place,
                (0..<Self.sessions).map { $0 < 2 ? CountedLines.command() : CountedLines.slowly })
            let world = ProcessWorld()
            // A flood outruns the ring, and its client may be anywhere. Of the others every byte must come, at once.
            let followers = (1..<min(5, Self.sessions)).map(printing.follower)
            let following = followers.map { follower in Task { try await follower.run() } }
            let steady = followers.dropFirst()
            try await host.kill()
            let kept = try await printing.descriptorsOnceSettled()
            let terminals = try world.terminalCount()
            var gaps: [Duration] = []
            for kill in 1...Self.kills {
                let before = steady.map(\.now)
                gaps.append(try await host.kill())
                try await printing.check("after kill \(kill)")
                try await PrintingSessions.eventually("output goes on after kill \(kill)") {
                    // Of the new connection's: what an old one had on its way does not count.
                    zip(steady, before).allSatisfy { follower, before in
                        let now = follower.now
                        return now.exact > before.exact && now.bytes > before.bytes || now.fault != nil
                    }
                }
                let faults = followers.compactMap(\.now.fault)
                try #require(faults.isEmpty, "after kill \(kill): \(faults)")
            }
            for follower in steady {
                let now = follower.now
                #expect(now.reanchored == 0)
                #expect(now.bytes == now.next, "every byte from the first one on")
            }
            for task in following { task.cancel() }
            for task in following { try await task.value }
            try await printing.expectNoMoreDescriptors(than: kept)
            #expect(try world.terminalCount() == terminals)
            #expect(try host.storedDescriptors() == Self.sessions + 1)
            let sorted = gaps.sorted()
            print(
                "\(Self.kills) kills, \(Self.sessions) sessions: from the signal to the next host's answer",
                "p50 \(Self.milliseconds(sorted[sorted.count / 2])), longest \(Self.milliseconds(sorted[sorted.count - 1]))"
            )
        }
    }

    private static func milliseconds(_ duration: Duration) -> String {
        "\(Int(duration / .milliseconds(1))) ms"
    }
}
