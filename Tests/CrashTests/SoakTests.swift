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

    /// What is known of one.
    private struct Printer {
        let document: SessionDocument
        let epoch: String
        var next: UInt64 = 0
    }

    @Test func `are all there after kill upon kill: no byte is missing or repeated, and nothing leaks`() async throws {
        try await ServiceHost.run(arguments: ["--ring-size", "64K"]) { host in
            var printers = try await Self.start(host)
            let world = ProcessWorld()
            // A flood outruns the ring, and its client may be anywhere. Of the others every byte must come, at once.
            let followers = printers.dropFirst().prefix(4).map {
                FollowingClient(host.client, $0.document.id, epoch: $0.epoch)
            }
            let following = followers.map { follower in Task { try await follower.run() } }
            let steady = followers.dropFirst()
            try await host.kill()
            var kept: [String: Int] = [:]
            let leaders = Set(printers.compactMap(\.document.leaderPid))
            // A pass of the reaper holds one for a moment.
            try await Self.eventually("a master, a ring, a leader and the watch on it for each session, and no more") {
                kept = try await Self.descriptors(of: host, leaders)
                return kept["/dev/ptmx"] == Self.sessions && kept["/memfd:corral"] == Self.sessions
                    && kept["leader"] == 2 * Self.sessions && kept["anon_inode:[pidfd]"] ?? 0 <= 1
            }
            let terminals = try world.terminalCount()
            var gaps: [Duration] = []
            for kill in 1...Self.kills {
                let before = steady.map(\.now)
                gaps.append(try await host.kill())
                for index in printers.indices { try await Self.check(&printers[index], host, kill) }
                try await Self.eventually("output goes on after kill \(kill)") {
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
            try await Self.eventually("of no kind there are more descriptors than \(kept)") {
                try await Self.descriptors(of: host, leaders).allSatisfy { $0.value <= kept[$0.key] ?? 0 }
            }
            #expect(try world.terminalCount() == terminals)
            #expect(try host.storedDescriptors() == Self.sessions + 1)
            let sorted = gaps.sorted()
            print(
                "\(Self.kills) kills, \(Self.sessions) sessions: from the signal to the next host's answer",
                "p50 \(Self.milliseconds(sorted[sorted.count / 2])), longest \(Self.milliseconds(sorted[sorted.count - 1]))"
            )
        }
    }

    private static func start(_ host: ServiceHost) async throws -> [Printer] {
        let path = host.place.directory.path + "/work"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let workspace = try await host.client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: path))
            .document
        var printers: [Printer] = []
        for number in 0..<sessions {
            let command = number < 2 ? CountedLines.command() : CountedLines.slowly
            let document = try await host.client.createSession(in: workspace.id, CreateSessionRequest(command: command))
                .document
            printers.append(Printer(document: document, epoch: try await host.client.output(of: document.id).epoch))
        }
        return printers
    }

    /// Holds a session against what it was: the same process on the same terminal, and output that goes on.
    private static func check(_ printer: inout Printer, _ host: ServiceHost, _ kill: Int) async throws {
        let now = try await host.client.session(printer.document.id)
        try #require(now.status == .active && now.terminal == .open, "after kill \(kill): \(now)")
        #expect(now.leaderPid == printer.document.leaderPid)
        let output = try await host.client.output(of: printer.document.id)
        try #require(output.epoch == printer.epoch)
        try #require(output.next > printer.next, "after kill \(kill): it prints no more")
        try #require(output.next == output.from + UInt64(output.bytes.count))
        let fault = CountedLines.firstFault(in: output.bytes, from: output.from)
        try #require(fault == nil, "after kill \(kill): a wrong byte in session \(printer.document.id)")
        printer.next = output.next
    }

    /// What the host has open, by kind; connections and the index's readers come and go. sd-bus holds a pidfd of whom it speaks to, from
    /// systemd 257 on.
    private static func descriptors(of host: ServiceHost, _ leaders: Set<Int>) async throws -> [String: Int] {
        let process = "/proc/\(try await host.client.status().pid)"
        var counts: [String: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(process)/fd") {
            guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(process)/fd/\(name)"),
                !place.hasPrefix("socket:"), !place.contains("/index.db")
            else { continue }
            let isLeaders = pinned(by: "\(process)/fdinfo/\(name)").map(leaders.contains) ?? false
            let kind =
                place.hasSuffix("/ptmx")
                ? "/dev/ptmx" : place.hasPrefix("/memfd:corral") ? "/memfd:corral" : isLeaders ? "leader" : place
            counts[kind, default: 0] += 1
        }
        return counts
    }

    /// Whom a pidfd pins; nil for another descriptor.
    ///
    /// See: proc_pid_fdinfo(5)
    private static func pinned(by fdinfo: String) -> Int? {
        guard let text = try? String(contentsOfFile: fdinfo, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix("Pid:") }
            .flatMap { Int($0.dropFirst(4).drop { $0 == "\t" || $0 == " " }) }
    }

    private static func milliseconds(_ duration: Duration) -> String {
        "\(Int(duration / .milliseconds(1))) ms"
    }

    private static func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = Deadline.after(.seconds(60))
        while try await !isSo() {
            if deadline.hasPassed { throw RunningHost.Trouble(description: "not within 60 s: \(what)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
