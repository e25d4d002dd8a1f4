import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import SessionIndex

/// What must hold before a delete begins: nothing has run when it refuses.
struct DeleteGuardian: Sendable {
    let context: HostContext
    let trash: WorktreeTrash

    /// Checks guard and preflight.
    /// - Returns: the plan, for a dry run; nil when the delete may begin.
    /// - Throws: ``HostFailure`` that says what stands in the way.
    func check(_ row: WorkspaceRow, _ request: DeleteWorkspaceOptions) async throws -> ReceiptDocument? {
        var worktree = ReceiptDocument.Removal.notOurs
        if row.kind == .worktree {
            try await guardPath(row)
            worktree = try await guardIdentity(row) ? .planned : .absent
            if !request.force, let refusal = await refusal(row) {
                throw HostFailure.dirty("delete workspace \(row.id): \(refusal)")
            }
        }
        return request.dryRun ? try await plan(row, request, worktree) : nil
    }

    /// Why the worktree must not go now, nil when nothing would be lost. Also the second look, after the sessions have ended.
    func refusal(_ row: WorkspaceRow) async -> String? {
        let common: String?
        do {
            common = try await repository(of: row)?.gitCommonDirectory
        } catch {
            return
                "could not tell whether work would be lost: \(error); nothing was removed. --force removes it all the same"
        }
        switch await Preflight(git: context.git).examine(row.path, commonDirectory: common) {
        case .clean, .missing: return nil
        case .dirty(let findings):
            return findings.map { "\($0)" }.joined(separator: "; ") + "; nothing was removed. --force discards it"
        case .couldNotTell(let why):
            return
                "could not tell whether work would be lost: \(why); nothing was removed. --force removes it all the same"
        case .repositoryGone(let directory):
            return
                "could not tell whether work would be lost: its repository \(directory) is gone; nothing was removed. --force removes it all the same"
        }
    }

    /// The repository that a worktree was made from, nil when it is gone.
    func repository(of row: WorkspaceRow) async throws -> Repository? {
        guard let path = row.repository else { return nil }
        switch try await open(path, of: row) {
        case .opened(let repository): return repository
        case .absent: return nil
        case .notARepository(let why): throw HostFailure.gitFailed("open repository \(path): \(why)")
        }
    }

    /// Opens it also where it was moved since: the worktree itself knows where to.
    private func open(_ path: String, of row: WorkspaceRow) async throws(GitFailure) -> Repository.Opening {
        let opening = try await Repository.reopen(at: path, git: context.git)
        guard case .absent = opening,
            case .opened(let moved) = try await Repository.open(at: row.path, git: context.git),
            // Not one that lies around it, nor one that somebody has begun in it.
            moved.mainWorktree != row.path,
            try await moved.worktrees().contains(where: { $0.path == ByteString(row.path) })
        else { return opening }
        return .opened(moved)
    }

    /// Refuses a directory that is not the one that was made for the workspace: nobody knows what is in it, and it would not be moved
    /// away when all has ended.
    /// - Returns: Whether the one that was made is there.
    private func guardIdentity(_ row: WorkspaceRow) async throws -> Bool {
        guard let recorded = row.worktreeIdentity else { return false }
        let (removal, path) = (trash.removal, row.path)
        let there: WorktreeRemoval.Identity
        do throws(SystemCallFailure) {
            there = try await context.askDisk("look at", path) { () throws(SystemCallFailure) in
                try removal.identity(of: path)
            }
        } catch {
            // Without the managed root there is nothing below it.
            if error.errno == ENOENT { return false }
            throw HostFailure.conflict(
                "delete workspace \(row.id): could not tell which directory is at \(path): \(error); nothing was ended and nothing removed"
            )
        }
        guard case .found(let found) = there else { return there != .absent }
        if recorded.isSame(found, ofThisBoot: trash.isOfThisBoot(row.createdAt)) { return true }
        throw HostFailure.conflict(
            "delete workspace \(row.id): another directory is at \(path) than the one that was made for it (\(found) instead of \(recorded)); nothing was ended and nothing removed. Once it is moved elsewhere, the workspace can be deleted"
        )
    }

    /// Whether the directory may go at all, whatever is in it. Asked before anything runs, and again right before it is moved: a
    /// teardown and days of retries may lie between.
    /// - Throws: ``HostFailure`` that says what stands in the way, or what could not be asked (I3).
    func guardPath(_ row: WorkspaceRow) async throws {
        var repository: Repository?
        var registered: [RegisteredWorktree] = []
        if let path = row.repository {
            switch try await open(path, of: row) {
            case .opened(let found):
                repository = found
                registered = try await found.worktrees()
            // Gone, so nothing of it can lie anywhere.
            case .absent: break
            case .notARepository(let why):
                throw HostFailure.conflict(
                    "delete workspace \(row.id): could not tell which worktrees lie in \(row.path), because its repository \(path) could not be asked: \(why); nothing was removed"
                )
            }
        }
        let others = try await context.index.workspaces().filter { $0.id != row.id }
        let asked = Locked("")
        let check = DeleteGuard(
            repository: repository, registered: registered,
            otherWorkspaces: Dictionary(others.map { ($0.id.rawValue, $0.path) }) { first, _ in first },
            // Its own is asked for in any case.
            otherRepositories: Dictionary(
                others.compactMap { other in other.repository.map { ($0, other.id.rawValue) } }
                    .filter { $0.0 != row.repository }
            ) { first, _ in first },
            willResolve: { path in asked.withLock { $0 = path } })
        let verdict: DeleteGuard.Verdict
        do throws(SystemCallFailure) {
            verdict = try await context.askDisk("resolve", row.path) { check.judge(row.path) }
        } catch {
            verdict = .couldNotTell("resolve \(asked.withLock { $0 }): the disk did not answer")
        }
        switch verdict {
        case .allowed: return
        case .mainWorktree(let place):
            throw HostFailure.mainWorktree(
                "delete workspace \(row.id): \(row.path) leads to the repository's own checkout (\(place)); nothing was removed"
            )
        case .nested(let inside):
            throw HostFailure.nestedWorktree(
                "delete workspace \(row.id): \(inside.joined(separator: ", ")) would go with it; nothing was removed")
        case .couldNotTell(let why):
            throw HostFailure.conflict(
                "delete workspace \(row.id): could not tell what lies at \(row.path): \(why); nothing was removed")
        }
    }

    /// What a delete would end and remove.
    private func plan(
        _ row: WorkspaceRow, _ request: DeleteWorkspaceOptions, _ worktree: ReceiptDocument.Removal
    ) async throws -> ReceiptDocument {
        var receipt = ReceiptDocument(
            id: "planned", workspace: row.id.rawValue, workspaceName: row.name, createdAt: Timestamp(.now))
        receipt.state = .planned
        receipt.worktree = worktree
        try await planBranch(row, request, &receipt)
        for session in try await context.index.sessions(workspace: row.id, includeEnded: true) {
            guard !session.status.isEnded || session.couldHaveMembers, let scope = ScopeName(unit: session.unit) else {
                continue
            }
            var members: [ProcessID] = []
            if case .found(let cgroup) = context.ground.look(scope.path) { members = try cgroup.members() }
            var end = SessionEndDocument(unended: session, detail: "would be ended", members: members.count)
            end.survivors = members.compactMap { Survivor($0, in: context.procfs) }.map { SurvivorDocument($0) }
            receipt.sessions.append(end)
        }
        return receipt
    }

    private func planBranch(
        _ row: WorkspaceRow, _ request: DeleteWorkspaceOptions, _ receipt: inout ReceiptDocument
    ) async throws {
        guard row.kind == .worktree, let branch = row.branch, row.repository != nil else {
            return receipt.branch = .notOurs
        }
        guard request.deleteBranch else { return }
        guard let repository = try await repository(of: row) else { return receipt.branch = .absent }
        switch try await BranchRemoval(repository: repository).plan(branch, force: request.force, without: row.path) {
        case .removed: receipt.branch = .planned
        case .absent: receipt.branch = .absent
        case .kept(let reason):
            receipt.warnings.append("workspace \(row.id): branch \(branch) would be kept: \(reason)")
        }
    }
}
