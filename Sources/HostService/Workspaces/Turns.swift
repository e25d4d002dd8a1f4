import CgroupPty

/// Lets one caller at a time work at a thing, in the order in which they asked; other things do not wait.
actor Turns {
    private struct Waiter {
        let key: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    /// Who waits at each thing at which somebody has the turn, the first in front.
    private var queues: [String: [Waiter]] = [:]
    private var nextKey: UInt64 = 1

    /// Runs a body while it is the caller's turn.
    /// - Returns: nil when the deadline passed before it was; then nothing was run.
    nonisolated func run<Value: Sendable>(
        _ thing: String, until deadline: Deadline, _ body: @Sendable () async throws -> Value
    ) async throws -> Value? {
        guard await take(thing, until: deadline) else { return nil }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await giveBack(thing)
        return try result.get()
    }

    /// Waits until it is the caller's turn.
    /// - Returns: false when the deadline passed before; then there is nothing to give back.
    func take(_ thing: String, until deadline: Deadline) async -> Bool {
        guard queues[thing] != nil else {
            queues[thing] = []
            return true
        }
        let key = nextKey
        nextKey += 1
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            self.giveUp(key, thing)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { queues[thing]?.append(Waiter(key: key, continuation: $0)) }
    }

    /// Gives the turn to who has waited longest.
    func giveBack(_ thing: String) {
        guard var queue = queues[thing], !queue.isEmpty else {
            queues[thing] = nil
            return
        }
        let next = queue.removeFirst()
        queues[thing] = queue
        next.continuation.resume(returning: true)
    }

    private func giveUp(_ key: UInt64, _ thing: String) {
        guard let index = queues[thing]?.firstIndex(where: { $0.key == key }) else { return }
        queues[thing]?.remove(at: index).continuation.resume(returning: false)
    }
}
