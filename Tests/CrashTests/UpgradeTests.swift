import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// The host's program is replaced by another build while sixteen sessions print as fast as they are read, or a hundred lines a hundred
/// times a second; then the host becomes that build.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `An upgrade under load` {
    private static let floods = 2
    private static let sessions = 16
    private static let upgrades = 5

    @Test func `by a restart of the service loses no session, and no byte comes twice or not at all`() async throws {
        let place = try Self.place()
        let host = try ServiceHost(place)
        defer { host.sweep() }
        try await Self.upgrade(host.client, place) { try host.restart() }
        #expect(try host.storedDescriptors() == Self.sessions + 1)
    }

    @Test func `by a signal in the foreground loses no session, and no byte comes twice or not at all`() async throws {
        let place = try Self.place()
        let host = try await RunningHost.start(place)
        let pid = try await host.client.status().pid
        try await Self.upgrade(host.client, place) {
            let started = try await host.client.status().startedAt
            try host.pidfd.signal(SIGUSR2)
            try await PrintingSessions.eventually("another build serves") {
                do { return try await host.client.status().startedAt != started } catch { return false }
            }
            #expect(try await host.client.status().pid == pid)
        }
        try await host.stop()
    }

    /// With programs that can be replaced while they run, as a package does it. What the steady sessions print in seconds fits into the
    /// ring.
    private static func place() throws -> RunningHost.Place {
        var place = try RunningHost.Place()
        place.arguments = ["--ring-size", "1M"]
        try Shell.run(
            "cp '\(Ground.programs)/corral-host' '\(Ground.programs)/corral-leader' '\(place.directory.path)'")
        place.program = place.directory.path + "/corral-host"
        return place
    }

    private static func upgrade(
        _ client: HostClient, _ place: RunningHost.Place, by becomeNext: () async throws -> Void
    ) async throws {
        var printing = try await PrintingSessions(
            client, place, (0..<sessions).map { $0 < floods ? CountedLines.command() : CountedLines.briskly })
        // A flood outruns the ring, and its client may be anywhere, or still wait for a picture. Of the others every byte must come.
        let followers = [printing.follower(of: 0)] + (floods..<(floods + 6)).map(printing.follower)
        let steady = followers.dropFirst()
        let following = followers.map { follower in Task { try await follower.run() } }
        try await eventually("all are followed", followers) { index, now in
            index == 0 || now.bytes > 0
        }
        var kept = try await printing.descriptorsOnceSettled()
        let world = ProcessWorld()
        let terminals = try world.terminalCount()
        var builds = [try Build(file: place.program)]
        for number in 1...upgrades {
            try Shell.run(
                "cp '\(place.program)' '\(place.program).new'; printf x >> '\(place.program).new'; mv '\(place.program).new' '\(place.program)'"
            )
            let next = try Build(file: place.program)
            #expect(try await running(client) == builds.last, "the file is replaced, and not what runs")
            let before = followers.map(\.now)
            try await becomeNext()
            #expect(try await running(client) == next, "the other build runs")
            #expect(!builds.contains(next))
            builds.append(next)
            try await eventually("output arrives from build \(number)", followers) { index, now in
                index == 0 || now.exact > before[index].exact && now.bytes > before[index].bytes
            }
            try await printing.check("with build \(number)")
            let faults = followers.compactMap(\.now.fault)
            try #require(faults.isEmpty, "with build \(number): \(faults)")
            let found = try await printing.descriptorsOnceSettled()
            // The first one was started otherwise, and has not been handed anything.
            if number == 1 { kept = found }
        }
        for follower in steady {
            let now = follower.now
            #expect(now.reanchored == 0, "what was missed lies within the ring")
            #expect(now.exact == upgrades + 1, "one connection for each build")
            #expect(now.bytes == now.next, "every byte from the first one on")
        }
        for task in following { task.cancel() }
        for task in following { try await task.value }
        try await printing.expectNoMoreDescriptors(than: kept)
        #expect(try world.terminalCount() == terminals)
    }

    /// Waits until it is so of each follower, and none has seen a wrong byte.
    private static func eventually(
        _ what: String, _ followers: [FollowingClient], _ isSo: (Int, FollowingClient.Seen) -> Bool
    ) async throws {
        let deadline = Deadline.after(.seconds(60))
        while true {
            let now = followers.map(\.now)
            let faults = now.compactMap(\.fault)
            try #require(faults.isEmpty, "\(what): \(faults)")
            if now.enumerated().allSatisfy(isSo) { return }
            let seen = now.map { "\($0.bytes) bytes, \($0.exact) exact, \($0.reanchored) not, closed by \($0.closes)" }
            try #require(!deadline.hasPassed, "not within 60 s: \(what): \(seen)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The build that serves, by what the kernel runs.
    private static func running(_ client: HostClient) async throws -> Build {
        try Build(file: "/proc/\(try await client.status().pid)/exe")
    }

    /// A file of a program; each is a byte longer than the one before.
    private struct Build: Equatable {
        let inode: UInt64
        let size: Int64

        init(file: String) throws {
            var status = stat()
            try #require(stat(file, &status) == 0, "\(file): errno \(errno)")
            (inode, size) = (UInt64(status.st_ino), Int64(status.st_size))
        }
    }
}
