import Testing

@testable import HostService

@Suite struct `An interruption` {
    @Test func `ends what is under way and what comes after it`() async {
        let interruption = Interruption()
        let wait = Task { try await interruption.run { try await Task.sleep(for: .seconds(3600)) } }
        interruption.interrupt()
        await #expect(throws: CancellationError.self) { try await wait.value }
        await #expect(throws: CancellationError.self) {
            try await interruption.run { try await Task.sleep(for: .seconds(3600)) }
        }
    }

    @Test func `leaves alone what is done`() async throws {
        let interruption = Interruption()
        #expect(try await interruption.run { 7 } == 7)
        interruption.interrupt()
    }
}
