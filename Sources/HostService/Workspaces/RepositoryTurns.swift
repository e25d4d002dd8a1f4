import CgroupPty

/// Lets one worktree at a time be added to a repository.
///
/// Two runs of `git worktree add` read each other's registrations, and one that comes upon a half-written one ends with `failed to
/// read .git/worktrees/…/commondir`. Turns are taken in the order in which they were asked for; other repositories do not wait.
actor RepositoryTurns {
    private struct Waiter {
        let key: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    /// Who waits at each repository at which somebody has the turn, the first in front.
    private var queues: [String: [Waiter]] = [:]
    private var nextKey: UInt64 = 1

    /// Waits until it is the caller's turn.
    /// - Returns: false when the deadline passed before; then there is nothing to give back.
    func take(_ repository: String, until deadline: Deadline) async -> Bool {
        guard queues[repository] != nil else {
            queues[repository] = []
            return true
        }
        let key = nextKey
        nextKey += 1
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            self.giveUp(key, repository)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { queues[repository]?.append(Waiter(key: key, continuation: $0)) }
    }

    /// Gives the turn to who has waited longest.
    func giveBack(_ repository: String) {
        guard var queue = queues[repository], !queue.isEmpty else {
            queues[repository] = nil
            return
        }
        let next = queue.removeFirst()
        queues[repository] = queue
        next.continuation.resume(returning: true)
    }

    private func giveUp(_ key: UInt64, _ repository: String) {
        guard let index = queues[repository]?.firstIndex(where: { $0.key == key }) else { return }
        queues[repository]?.remove(at: index).continuation.resume(returning: false)
    }
}
