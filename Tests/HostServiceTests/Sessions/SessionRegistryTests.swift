import CgroupPty
import Testing

@testable import HostService

@Suite struct `The registry of sessions` {
    private let registry = SessionRegistry()

    private func begin(_ id: String) async throws -> UInt64? {
        try await registry.beginCreation(#require(SessionID(id)), in: #require(WorkspaceID("work1")))
    }

    @Test func `refuses creations from its close on, which waits for those that are under way`() async throws {
        let attempt = try #require(try await begin("sess1"))
        let isClosed = Locked(false)
        let closing = Task {
            await registry.close()
            isClosed.withLock { $0 = true }
        }
        await #expect(throws: HostFailure.self) {
            while let early = try await begin("sess2") {
                await registry.endCreation(early)
                // The thread that this takes may be the one that the close waits for.
                await Task.yield()
            }
        }
        #expect(!isClosed.withLock { $0 }, "one is under way")
        await registry.endCreation(attempt)
        await closing.value
        #expect(await registry.creationsInFlight().isEmpty)
    }
}
