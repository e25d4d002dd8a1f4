import HostProtocol
import SessionIndex

extension DestroySaga {
    /// Deletes the branch, if that was asked for: a merged one, or with `force` any, whose old commit the receipt then names.
    func removeBranch() async throws -> StateMachine.Event {
        let context = parts.context
        await context.reach(.destroyBranch)
        guard workspace.kind == .worktree, let branch = workspace.branch, let path = repositoryPath else {
            note { $0.branch = .notOurs }
            return .done
        }
        guard options.deleteBranch else { return .done }
        do {
            let repository: Repository
            switch try await Repository.reopen(at: path, git: context.git) {
            case .opened(let found): repository = found
            case .absent:
                warn("the branch \(branch) was not looked for: the repository is not at \(path) any more", .absent)
                return .done
            case .notARepository(let why):
                warn("branch \(branch) was not deleted: open repository \(path): \(why)", .failed)
                return .done
            }
            switch try await BranchRemoval(repository: repository).remove(branch, force: options.force) {
            case .removed(let commit):
                note { $0.branch = .removed }
                if options.force { warn("branch \(branch) was at \(commit)", .removed) }
            case .absent: note { if $0.branch != .removed { $0.branch = .absent } }
            case .kept(let reason): warn("branch \(branch) was kept: \(reason)", .kept)
            }
        } catch {
            warn("branch \(branch) was not deleted: \(error)", .failed)
        }
        return .done
    }

    private func warn(_ text: String, _ removal: ReceiptDocument.Removal) {
        note { receipt in
            receipt.branch = removal
            receipt.warnings.append("workspace \(workspace.id): \(text)")
        }
    }
}
