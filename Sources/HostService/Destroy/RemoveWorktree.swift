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
        let removal = parts.trash.removal
        let (moved, name) = try await moveAside(removal)
        await context.reach(.destroyMovedAside)
        switch moved {
        case .movedAside: note { $0.worktree = .removed }
        case .absent: note { if $0.worktree != .removed { $0.worktree = .absent } }
        case .refused(let refusal):
            note { $0.worktree = .failed }
            return .failed("\(workspace.path) was not removed: \(refusal)")
        }
        guard let common = try await parts.guardian.commonDirectory(workspace) else {
            note {
                $0.warnings.append(
                    "workspace \(workspace.id): the repository \(workspace.repository ?? "") is gone; there was no registration to remove"
                )
            }
            return .done
        }
        switch try removal.unregister(
            workspace.path, commonDirectory: common, trashName: moved == .movedAside ? name : nil, force: options.force)
        {
        case .removed, .absent, .repositoryGone: return .done
        case .locked(let reason):
            return .failed(
                "git has the worktree locked\(reason.isEmpty ? "" : ": \(reason)"); it was moved to the trash")
        case .disagrees(let how): return .failed("git's registration of \(workspace.path) is not its own: \(how)")
        }
    }

    /// The name in the trash is recorded before the move, and used again by a resumed delete.
    private func moveAside(_ removal: WorktreeRemoval) async throws -> (WorktreeRemoval.MoveOutcome, TrashName?) {
        let recorded = try await parts.context.index.destroy(workspace.id)?.trashName.flatMap { TrashName($0) }
        var identity = workspace.worktreeIdentity
        if identity == nil {
            // A creation that was cut before its record: it was never opened for sessions.
            switch try removal.identity(of: workspace.path) {
            case .found(let found): identity = found
            case .absent: return (.absent, nil)
            case .refused(let refusal): return (.refused(refusal), nil)
            }
        }
        guard let identity else { return (.absent, nil) }
        let name = recorded ?? TrashName(workspace: workspace.id.rawValue, inode: identity.inode)
        if recorded == nil { _ = try await parts.context.index.setTrashName(workspace.id, name: name.rawValue) }
        let outcome = try removal.moveAside(
            workspace.path, identity: identity, to: name, isOfThisBoot: parts.trash.isOfThisBoot(workspace.createdAt))
        return (outcome, name)
    }
}
