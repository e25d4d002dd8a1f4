import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Sessions that print ``CountedLines`` for ever, and what a host over all its lives must have of them.
struct PrintingSessions {
    /// What is known of one.
    struct Printer {
        let document: SessionDocument
        let epoch: String
        var next: UInt64 = 0
    }

    private let client: HostClient
    private(set) var printers: [Printer] = []
    private let leaders: Set<Int>
    var count: Int { printers.count }

    /// Starts one session for each command, in an adopted directory.
    init(_ client: HostClient, _ place: RunningHost.Place, _ commands: [[String]]) async throws {
        self.client = client
        for command in commands {
            let document = try await place.session(client, command)
            printers.append(Printer(document: document, epoch: try await client.output(of: document.id).epoch))
        }
        leaders = Set(printers.compactMap(\.document.leaderPid))
    }

    /// A client that wants every byte of one, from the first on.
    func follower(of index: Int) -> FollowingClient {
        FollowingClient(client, printers[index].document.id, epoch: printers[index].epoch)
    }

    /// Holds each session against what it was: the same process on the same terminal, output that goes on, and no wrong byte in all that
    /// the ring holds.
    mutating func check(_ moment: String) async throws {
        for index in printers.indices {
            let printer = printers[index]
            let now = try await client.session(printer.document.id)
            try #require(now.status == .active && now.terminal == .open, "\(moment): \(now)")
            #expect(now.leaderPid == printer.document.leaderPid)
            let output = try await client.output(of: printer.document.id)
            try #require(output.epoch == printer.epoch)
            try #require(output.next > printer.next, "\(moment): it prints no more")
            try #require(output.next == output.from + UInt64(output.bytes.count))
            let fault = CountedLines.firstFault(in: output.bytes, from: output.from)
            try #require(fault == nil, "\(moment): a wrong byte in session \(printer.document.id)")
            printers[index].next = output.next
        }
    }

    /// Waits until a host holds what it must, and no more: a master, a ring, a leader and the watch on it for each session.
    /// - Returns: what it has open, by kind.
    func descriptorsOnceSettled() async throws -> [String: Int] {
        var found: [String: Int] = [:]
        // A pass of the reaper holds a pidfd for a moment.
        try await Self.eventually("a master, a ring, a leader and the watch on it for each session, and no more") {
            found = try await descriptors()
            return found["/dev/ptmx"] == count && found["/memfd:corral"] == count && found["leader"] == 2 * count
                && found["anon_inode:[pidfd]"] ?? 0 <= 1
        }
        return found
    }

    /// Waits until a host has of no kind more open than another had.
    func expectNoMoreDescriptors(than kept: [String: Int]) async throws {
        var found: [String: Int] = [:]
        do {
            try await Self.eventually("of no kind there are more descriptors") {
                found = try await descriptors()
                return found.allSatisfy { $0.value <= kept[$0.key] ?? 0 }
            }
        } catch {
            throw RunningHost.Trouble(description: "\(error): \(found) and before \(kept)")
        }
    }

    /// What the host has open, by kind; connections and the index's readers come and go. sd-bus holds a pidfd of whom it speaks to, from
    /// systemd 257 on.
    private func descriptors() async throws -> [String: Int] {
        let process = "/proc/\(try await client.status().pid)"
        var counts: [String: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(process)/fd") {
            guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(process)/fd/\(name)"),
                !place.hasPrefix("socket:"), !place.contains("/index.db")
            else { continue }
            let isLeaders = Self.pinned(by: "\(process)/fdinfo/\(name)").map(leaders.contains) ?? false
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

    /// Asks again and again until it is so.
    static func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = Deadline.after(.seconds(60))
        while try await !isSo() {
            if deadline.hasPassed { throw RunningHost.Trouble(description: "not within 60 s: \(what)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
