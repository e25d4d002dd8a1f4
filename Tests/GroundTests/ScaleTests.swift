import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A crowd of workspaces` {
    private static let workspaceCount = 20
    private static let sessionCount = 400

    /// What must be the same before and after.
    private struct Traces: Equatable {
        var units: Int
        var processes: Int
        var terminals: Int
    }

    /// Answers every element, at most sixteen at a time.
    private static func sixteenAtATime<Element: Sendable, Answer: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Answer
    ) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            var answers: [Answer] = []
            var rest = elements.makeIterator()
            for _ in 0..<16 {
                if let next = rest.next() { group.addTask { try await body(next) } }
            }
            for try await answer in group {
                answers.append(answer)
                if let next = rest.next() { group.addTask { try await body(next) } }
            }
            return answers
        }
    }

    /// Counts what the host holds, by kind.
    private static func descriptors(_ fixture: Fixture) throws -> [String: Int] {
        let place = "/proc/\(fixture.host.pidfd.pid)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: place).reduce(into: [:]) { counts, name in
            // One may be closed meanwhile.
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(place)/\(name)") else {
                return
            }
            counts[String(target.prefix { $0 != "[" || target.hasPrefix("anon") }), default: 0] += 1
        }
    }

    /// Creates so many sessions over so many workspaces, at once; deletes all workspaces at once.
    private static func comeAndGo(
        _ fixture: Fixture, sessions sessionCount: Int, workspaces workspaceCount: Int,
        meanwhile: ([SessionDocument]) throws -> Void
    ) async throws {
        let client = fixture.client
        let directory = fixture.directory.path
        let workspaces = try await sixteenAtATime(Array(0..<workspaceCount)) { number in
            let place = "\(directory)/place\(number)"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            return try await client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: place)).document
        }
        let sessions = try await sixteenAtATime(Array(0..<sessionCount)) { number in
            try await client.createSession(
                in: workspaces[number % workspaceCount].id, CreateSessionRequest(command: ["/bin/sleep", "1000"])
            ).document
        }
        try meanwhile(sessions)
        let receipts = try await sixteenAtATime(workspaces) { workspace in
            try await client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(timeout: 120))
        }
        #expect(receipts.allSatisfy { $0.state == .deleted && $0.outcome == .confirmed })
        #expect(receipts.allSatisfy { $0.sessions.allSatisfy { $0.outcome == .confirmed } })
        #expect(receipts.reduce(0) { $0 + $1.sessions.count } == sessionCount)
        #expect(try await client.workspaces(all: true).isEmpty)
    }

    @Test(.timeLimit(.minutes(4)))
    func `leaves no unit, process, descriptor or terminal behind`() async throws {
        try await Fixture.swept { fixture in
            let client = fixture.client
            let instance = try await client.status().instance
            func traces() throws -> Traces {
                Traces(
                    units: try fixture.world.units("corral-\(instance)*").count,
                    processes: try fixture.world.inUnit("corral-\(instance).slice").count,
                    terminals: try fixture.world.terminalCount())
            }
            try await fixture.eventually("the first pass") { try await client.reaper().passes > 0 }
            let before = try traces()
            // What the host opens once and keeps, as connections to its index, is open after a first round.
            try await Self.comeAndGo(fixture, sessions: 32, workspaces: 16) { _ in }
            var last = try traces()
            func settle() async throws {
                // A slice goes, and a connection is closed, a moment after the answer.
                try? await fixture.eventually("no trace", within: .seconds(20)) {
                    last = try traces()
                    return last == before
                }
            }
            try await settle()
            #expect(last == before)
            let descriptors = try fixture.host.descriptorCount()
            let kinds = try Self.descriptors(fixture)

            try await Self.comeAndGo(fixture, sessions: Self.sessionCount, workspaces: Self.workspaceCount) {
                sessions in
                // The counters see what is there to be seen.
                #expect(Set(sessions.map(\.id)).count == Self.sessionCount)
                let now = try traces()
                #expect(now.processes == Self.sessionCount)
                #expect(now.terminals == before.terminals + Self.sessionCount)
                #expect(now.units >= before.units + Self.sessionCount + Self.workspaceCount)
                #expect(try fixture.host.descriptorCount() >= descriptors + Self.sessionCount)
            }
            try await settle()
            #expect(last == before)
            try? await fixture.eventually("no descriptor", within: .seconds(10)) {
                try fixture.host.descriptorCount() <= descriptors
            }
            let left = try Self.descriptors(fixture)
            #expect(try fixture.host.descriptorCount() <= descriptors, "before \(kinds), after \(left)")
            let pass = try await client.reap()
            #expect(pass.reaped == 0 && pass.failed == 0 && pass.kept == 0, "\(pass)")
        }
    }
}
