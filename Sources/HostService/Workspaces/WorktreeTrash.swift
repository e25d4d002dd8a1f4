import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import Logging
import SessionIndex

/// Deletes worktrees that were moved aside: in the background, beside whatever else is done, and again after a restart.
///
/// A name is in the index from before the move until the last file is gone, so that nothing is forgotten. Some are deleted at the
/// same time, so that a disk that does not answer keeps no other from being deleted.
final class WorktreeTrash: Sendable {
    /// Worktrees that are deleted at the same time at most. More would only make the disk seek.
    private static let limit = 4

    private struct State {
        var isStopping = false
        /// Entries that were met so far, of each that is being deleted.
        var running: [String: Int] = [:]
    }

    private let context: HostContext
    private let state = Locked(State())

    /// A trash in the managed root.
    init(context: HostContext) {
        self.context = context
    }

    /// What moves worktrees.
    var removal: WorktreeRemoval { WorktreeRemoval(managedRoot: context.configuration.managedRoot) }

    /// Whether an identity recorded at this time is of this boot; see ``WorktreeRemoval/moveAside(_:identity:to:isOfThisBoot:)``.
    func isOfThisBoot(_ recorded: Date) -> Bool {
        recorded > Date.now.addingTimeInterval(-Double(Deadline.now.bootNanoseconds) / 1e9)
    }

    /// How far it is.
    func progress() async throws -> TrashDocument {
        let recorded = try await context.index.trash().count
        return TrashDocument(worktrees: recorded, entries: state.withLock { $0.running.values.reduce(0, +) })
    }

    /// Deletes all that is recorded, but for what is being deleted already.
    func empty() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<Self.limit { group.addTask { await self.deleteInTurn() } }
        }
    }

    private func deleteInTurn() async {
        // What was added meanwhile is met by the next round; a name that cannot be deleted now is not tried again and again.
        var tried: Set<String> = []
        do {
            while let name = claim(try await context.index.trash().filter { !tried.contains($0) }) {
                tried.insert(name)
                defer { state.withLock { _ = $0.running.removeValue(forKey: name) } }
                try await delete(name)
            }
        } catch {
            context.logger.error("The trash could not be emptied: \(error). The next start tries again.")
        }
    }

    private func claim(_ names: [String]) -> String? {
        state.withLock { state in
            guard !state.isStopping, state.running.count < Self.limit,
                let name = names.first(where: { state.running[$0] == nil })
            else { return nil }
            state.running[name] = 0
            return name
        }
    }

    /// Leaves what is not deleted yet for the next start.
    func stop() { state.withLock { $0.isStopping = true } }

    /// Takes a worktree off the disk that nobody has worked in: its creation failed. One that is not on record is left alone.
    /// - Throws: ``HostFailure/conflict(_:)`` when what is at the path is not what was made.
    func discard(_ row: WorkspaceRow) async throws {
        guard let repositoryPath = row.repository, let identity = row.worktreeIdentity else { return }
        let removal = removal
        let chosen = TrashName(workspace: row.id.rawValue, inode: identity.inode)
        let isOfThisBoot = isOfThisBoot(row.createdAt)
        try await context.index.addTrash(chosen.rawValue)
        var name: TrashName?
        let moved = try await context.askDisk("move aside", row.path) { () throws(SystemCallFailure) in
            try removal.moveAside(row.path, identity: identity, to: chosen, isOfThisBoot: isOfThisBoot)
        }
        switch moved {
        case .movedAside: name = chosen
        case .absent: try await context.index.removeTrash(chosen.rawValue)
        case .refused(let refusal):
            try await context.index.removeTrash(chosen.rawValue)
            throw HostFailure.conflict("remove \(row.path): \(refusal)")
        }
        let trashName = name
        if case .opened(let repository) = try await Repository.reopen(at: repositoryPath, git: context.git) {
            let common = repository.gitCommonDirectory
            _ = try await context.askDisk("unregister", row.path) { () throws(SystemCallFailure) in
                try removal.unregister(row.path, commonDirectory: common, trashName: trashName, force: true)
            }
        }
        if name != nil { Task.detached { await self.empty() } }
    }

    private func delete(_ text: String) async throws {
        guard let name = TrashName(text) else {
            context.logger.error("\(text) in the trash is no name of ours; it is left alone.")
            return try await context.index.removeTrash(text)
        }
        await context.reach(.trashBegun)
        let removal = removal
        let state = state
        let result = await context.executor.run { () -> Result<TreeDeletion.Outcome, SystemCallFailure> in
            do throws(SystemCallFailure) {
                return .success(
                    try removal.deleteTrash(name) {
                        state.withLock { state in
                            state.running[text, default: 0] += 1
                            return !state.isStopping
                        }
                    })
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(.deleted), .success(.absent): try await context.index.removeTrash(text)
        case .success(.incomplete(let report)):
            if !report.wasStopped {
                context.logger.warning(
                    "\(report.failureCount) entries of \(name) in the trash could not be deleted: \(report.failures.joined(separator: "; ")). The next start tries again."
                )
            }
        case .success(.refused(let refusal)): context.logger.error("\(name) in the trash is left alone: \(refusal)")
        case .failure(let failure):
            context.logger.error("\(name) in the trash: \(failure). The next start tries again.")
        }
    }
}
