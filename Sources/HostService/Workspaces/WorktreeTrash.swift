import CgroupPty
import FoundationEssentials
import Glibc
import Logging
import SessionIndex

/// Deletes worktrees that were moved aside: in the background, beside whatever else is done, and again after a restart.
///
/// A name is in the index from before the move until the last file is gone, so that nothing is forgotten.
final class WorktreeTrash: Sendable {
    private let context: HostContext
    private let isStopping = Locked(false)
    private let isEmptying = Locked(false)

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

    /// Deletes all that is recorded, one after the other, unless that is being done already.
    func empty() async {
        guard
            isEmptying.withLock({ isEmptying in
                defer { isEmptying = true }
                return !isEmptying
            })
        else { return }
        defer { isEmptying.withLock { $0 = false } }
        do {
            // What was added meanwhile is met by the next round; a name that cannot be deleted now is not tried again and again.
            var tried: Set<String> = []
            while let name = try await context.index.trash().first(where: { !tried.contains($0) }),
                !isStopping.withLock({ $0 })
            {
                tried.insert(name)
                try await delete(name)
            }
        } catch {
            context.logger.error("The trash could not be emptied: \(error). The next start tries again.")
        }
    }

    /// Leaves what is not deleted yet for the next start.
    func stop() { isStopping.withLock { $0 = true } }

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
        let removal = removal
        let isStopping = isStopping
        let result = await context.executor.run { () -> Result<TreeDeletion.Outcome, SystemCallFailure> in
            do throws(SystemCallFailure) {
                return .success(try removal.deleteTrash(name, while: { !isStopping.withLock { $0 } }))
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
