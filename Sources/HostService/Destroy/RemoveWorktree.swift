import CgroupPty
import HostProtocol
import SessionIndex

extension DestroySaga {
    /// Moves the worktree aside, drops git's registration of it, and has the files deleted in the background.
    func removeWorktree() async throws -> StateMachine.Event {
        let context = parts.context
        await context.reach(.destroyWorktree)
        guard workspace.kind == .worktree else {
            note { $0.worktree = .notOurs }
            return .done
        }
        // A creation may have recorded its directory after the row was read, but not after the tombstone.
        let row = workspace.worktreeIdentity == nil ? try await context.index.workspace(workspace.id) : workspace
        // None was made then. Whatever lies at the path is not the workspace's.
        guard let identity = row?.worktreeIdentity else {
            note { $0.worktree = .absent }
            return .done
        }
        let removal = parts.trash.removal
        if let obstacle = try await obstacle(removal) {
            note { $0.worktree = .failed }
            return .failed(obstacle)
        }
        // One that was moved is found by the worktree alone.
        let repository = try await parts.guardian.repository(of: workspace)
        if let repository { repositoryPath = repository.path }
        let (moved, name) = try await moveAside(removal, identity)
        await context.reach(.destroyMovedAside)
        switch moved {
        case .movedAside: note { $0.worktree = .removed }
        case .absent: note { if $0.worktree != .removed { $0.worktree = .absent } }
        case .refused(let refusal):
            note { $0.worktree = .failed }
            return .failed("\(workspace.path) was not removed: \(refusal)")
        }
        guard let common = repository?.gitCommonDirectory else {
            note {
                $0.warnings.append(
                    "workspace \(workspace.id): the repository is not at \(workspace.repository ?? "") any more; no registration was removed"
                )
            }
            return .done
        }
        let (path, isForced) = (workspace.path, options.force)
        let unregistered = try await context.askDisk("unregister", path) { () throws(SystemCallFailure) in
            try removal.unregister(
                path, commonDirectory: common, trashName: moved == .movedAside ? name : nil, force: isForced)
        }
        switch unregistered {
        case .removed, .absent, .repositoryGone: return .done
        case .locked(let reason):
            return .failed(
                "git has the worktree locked\(reason.isEmpty ? "" : ": \(reason)"); it was moved to the trash")
        case .disagrees(let how): return .failed("git's registration of \(workspace.path) is not its own: \(how)")
        }
    }

    /// What has come to stand in the way since the guard was asked first; nil for nothing.
    private func obstacle(_ removal: WorktreeRemoval) async throws -> String? {
        let path = workspace.path
        let found = try await parts.context.askDisk("look at", path) { () throws(SystemCallFailure) in
            try removal.identity(of: path)
        }
        // Once it has been moved there is nothing left to guard, and what lay inside may be registered there still.
        guard case .found = found else { return nil }
        do {
            try await parts.guardian.guardPath(workspace)
            return nil
        } catch let refusal as HostFailure {
            return "\(refusal)"
        }
    }

    /// The name in the trash is recorded before the move, and used again by a resumed delete.
    private func moveAside(
        _ removal: WorktreeRemoval, _ identity: FileIdentity
    ) async throws -> (WorktreeRemoval.MoveOutcome, TrashName) {
        let context = parts.context
        let recorded = try await context.index.destroy(workspace.id)?.trashName.flatMap { TrashName($0) }
        let name = recorded ?? TrashName(workspace: workspace.id.rawValue, inode: identity.inode)
        if recorded == nil { _ = try await context.index.setTrashName(workspace.id, name: name.rawValue) }
        let (path, isOfThisBoot) = (workspace.path, parts.trash.isOfThisBoot(workspace.createdAt))
        let outcome = try await context.askDisk("move aside", path) { () throws(SystemCallFailure) in
            try removal.moveAside(path, identity: identity, to: name, isOfThisBoot: isOfThisBoot)
        }
        return (outcome, name)
    }
}
