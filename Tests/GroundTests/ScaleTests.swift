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
            let descriptors = try fixture.host.descriptorCount()

            let directory = fixture.directory.path
            let workspaces = try await Self.sixteenAtATime(Array(0..<Self.workspaceCount)) { number in
                let place = "\(directory)/place\(number)"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                return try await client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: place)).document
            }
            let sessions = try await Self.sixteenAtATime(Array(0..<Self.sessionCount)) { number in
                try await client.createSession(
                    in: workspaces[number % Self.workspaceCount].id, CreateSessionRequest(command: ["/bin/sleep", "1000"])
                ).document
            }
            #expect(Set(sessions.map(\.id)).count == Self.sessionCount)
            #expect(try traces().processes == Self.sessionCount)
            // The counters see what is there to be seen.
            #expect(try traces().terminals == before.terminals + Self.sessionCount)
            #expect(try traces().units >= before.units + Self.sessionCount + Self.workspaceCount)
            #expect(try fixture.host.descriptorCount() >= descriptors + Self.sessionCount)

            let receipts = try await Self.sixteenAtATime(workspaces) { workspace in
                try await client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(timeout: 120))
            }
            #expect(receipts.allSatisfy { $0.state == .deleted && $0.outcome == .confirmed })
            #expect(receipts.allSatisfy { $0.sessions.allSatisfy { $0.outcome == .confirmed } })
            #expect(receipts.reduce(0) { $0 + $1.sessions.count } == Self.sessionCount)
            #expect(try await client.workspaces(all: true).isEmpty)

            // A slice goes, and a connection is closed, a moment after the answer.
            var last = try traces()
            try? await fixture.eventually("no trace", within: .seconds(20)) {
                last = try traces()
                return try last == before && fixture.host.descriptorCount() <= descriptors
            }
            #expect(last == before)
            #expect(try fixture.host.descriptorCount() <= descriptors)
            let pass = try await client.reap()
            #expect(pass.reaped == 0 && pass.failed == 0 && pass.kept == 0, "\(pass)")
        }
    }
}
