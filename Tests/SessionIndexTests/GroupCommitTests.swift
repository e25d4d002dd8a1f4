import CgroupPty
import Dispatch
import GRDB
import Testing

@testable import SessionIndex

@Suite struct `Changes of the index that wait for each other` {
    private struct Refused: Error {}

    private let blocking = BlockingExecutor(label: "test")

    /// Counts what goes to the disk.
    private final class CommitCounter: TransactionObserver, Sendable {
        private let commits = Locked(0)
        var count: Int { commits.withLock { $0 } }

        func observes(eventsOfKind: DatabaseEventKind) -> Bool { false }
        func databaseDidChange(with: DatabaseEvent) {}
        func databaseDidCommit(_: Database) { commits.withLock { $0 += 1 } }
        func databaseDidRollback(_: Database) {}
    }

    /// Makes changes that all come while another write is on its way.
    /// - Returns: what their callers were answered, and how often something was committed.
    private func make(
        _ bodies: [@Sendable (Database) throws -> Void], in index: Index
    ) async throws -> (answers: [Bool], commits: Int) {
        let (counter, answers) = (CommitCounter(), Locked([Bool?](repeating: nil, count: bodies.count)))
        index.pool.add(transactionObserver: counter, extent: .databaseLifetime)
        let group = GroupCommit(index.pool)
        let gate = DispatchSemaphore(value: 0)
        index.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
        await withCheckedContinuation { (all: CheckedContinuation<Void, Never>) in
            let answer = { @Sendable (place: Int, isMade: Bool) in
                let areAll = answers.withLock { answers in
                    answers[place] = isMade
                    return !answers.contains(nil)
                }
                if areAll { all.resume() }
            }
            for (place, body) in bodies.enumerated() {
                group.add(
                    .init(
                        make: {
                            try body($0)
                            return { answer(place, true) }
                        }, refuse: { _ in answer(place, false) }))
            }
            gate.signal()
        }
        return (answers.withLock { $0.compactMap { $0 } }, counter.count)
    }

    private static func insert(_ id: String) -> @Sendable (Database) throws -> Void {
        { try Sample.workspace(id).insert($0) }
    }

    /// Symptom: the delete of a workspace with 400 sessions waited 800 times for the disk. Cause: a transaction for each change.
    @Test func `go to the disk together, in their order`() async throws {
        try await withIndex { index async throws in
            let first = "wk4m2"
            let rename: @Sendable (Database) throws -> Void = {
                try $0.change("UPDATE workspace SET name = 'renamed' WHERE id = ?", [first])
            }
            let made = try await make(
                [Self.insert(first), rename] + (0..<40).map { Self.insert("wother\($0)") }, in: index)
            #expect(made.answers == Array(repeating: true, count: 42))
            #expect(made.commits == 1)
            #expect(try await index.workspaces().count == 41)
            #expect(try await index.workspace(WorkspaceID(first)!)?.name == "renamed")
        }
    }

    @Test func `are not taken along by one that fails, and each caller is told of its own`() async throws {
        try await withIndex { index async throws in
            let half: @Sendable (Database) throws -> Void = {
                try Sample.workspace("whalf").insert($0)
                throw Refused()
            }
            let made = try await make([Self.insert("wone"), half, Self.insert("wone"), Self.insert("wtwo")], in: index)
            #expect(made.answers == [true, false, false, true], "the third has an id that is taken")
            #expect(try await Set(index.workspaces().map(\.id.rawValue)) == ["wone", "wtwo"])
        }
    }

    @Test func `are all refused when another process holds the lock, once they have waited as long as one may`()
        async throws
    {
        try await withIndex { index async throws in
            let other = try DatabaseQueue(path: index.path)
            let (isLocked, mayGo) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            other.asyncWrite(
                { _ in
                    isLocked.signal()
                    mayGo.wait()
                }, completion: { _, _ in })
            await blocking.run { isLocked.wait() }
            try await index.run("PRAGMA busy_timeout = 50")
            let made = try await make([Self.insert("wone"), Self.insert("wtwo")], in: index)
            #expect(made.answers == [false, false])
            mayGo.signal()
            try other.close()
            let again = try await make([Self.insert("wone"), Self.insert("wtwo")], in: index)
            #expect(again.answers == [true, true])
        }
    }

    @Test func `are made before a close that comes after them`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        let gate = DispatchSemaphore(value: 0)
        index.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
        let group = GroupCommit(index.pool)
        let made = Locked(0)
        for number in 0..<3 {
            let body = Self.insert("work\(number)")
            group.add(
                .init(
                    make: {
                        try body($0)
                        return { made.withLock { $0 += 1 } }
                    }, refuse: { _ in }))
        }
        async let closed: Void = index.close()
        gate.signal()
        try await closed
        #expect(made.withLock { $0 } == 3)
    }

    @Test func `are all refused when the database was closed, and nobody waits for ever`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.close()
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do {
                        try await index.put(Sample.workspace("work\(number)"))
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(made == Array(repeating: false, count: 20))
    }
}
