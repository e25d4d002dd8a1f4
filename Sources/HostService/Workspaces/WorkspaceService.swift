import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import Logging
import SessionIndex

/// The verbs on workspaces: create, adopt, list, show; and what a crash left half-made.
struct WorkspaceService: Sendable {
    let context: HostContext
    let command: ScopedCommand
    let scripts: WorkspaceScripts
    let trash: WorktreeTrash
    let ender: SessionEnder
    let limits: LimitEnforcer
    /// One worktree at a time is added to a repository: two runs of `git worktree add` read each other's registrations, and one that comes
    /// upon a half-written one ends with `failed to read .git/worktrees/…/commondir`.
    let turns = Turns()
    let idleFreezer: IdleFreezer
    /// Rings when a workspace was given a time.
    let lifetimeSet: Bell

    /// Creates a worktree or adopts a directory.
    func create(_ request: CreateWorkspaceRequest) async throws -> Creation<WorkspaceDocument> {
        let id: WorkspaceID
        if let wanted = request.id {
            guard let parsed = WorkspaceID(wanted) else {
                throw HostFailure.invalidRequest(
                    "workspace id \"\(wanted)\": ids match [a-z0-9]{4,32}; nothing was created")
            }
            id = parsed
        } else {
            id = .mint()
        }
        let wanted = context.configuration.workspaceDefaults.applying(try request.limits?.change() ?? .init())
        try limits.check(wanted, subject: "workspace \(id)", consequence: "nothing was created")
        // Not a child of the request: a client that goes away leaves no half-made workspace (I7).
        let made = try await Task.detached {
            switch request.kind ?? .worktree {
            case .worktree: try await self.createWorktree(id, request, wanted)
            case .adopted: try await self.adopt(id, request, wanted)
            }
        }.value
        return Creation(document: try await document(made.row), isNew: made.isNew)
    }

    /// Trusts the scripts below a repository or a worktree of it.
    func trust(_ request: TrustRequest) async throws -> TrustDocument {
        let repository = try await open(request.path)
        let found = try await scripts.trust(below: request.path, repository: repository.path)
        context.logger.notice("Trusted in \(repository.path): \(found.map(\.rawValue).joined(separator: ", ")).")
        return TrustDocument(repository: repository.path, trusted: found.map(\.rawValue))
    }

    /// Workspaces in the order of their creation; those that are being deleted only with `all`.
    func list(all: Bool) async throws -> [WorkspaceDocument] {
        let counts = try await context.index.sessionCounts()
        return try await context.index.workspaces().filter { all || $0.state != .deleting }
            .map { WorkspaceDocument($0, context, sessions: counts.unended[$0.id] ?? 0) }
    }

    /// One workspace, also while it is being deleted.
    func show(_ id: String) async throws -> WorkspaceDocument { try await document(row(id, "show workspace")) }

    /// So many seconds from now; nil for 0, which is never.
    private static func moment(in seconds: Int) -> Date? {
        seconds == 0 ? nil : .now.addingTimeInterval(TimeInterval(seconds))
    }

    /// A workspace's row.
    /// - Throws: ``HostFailure/workspaceNotFound(_:)``, with what was to be done.
    func row(_ id: String, _ verb: String) async throws -> WorkspaceRow {
        guard let parsed = WorkspaceID(id), let row = try await context.index.workspace(parsed) else {
            throw HostFailure.workspaceNotFound("\(verb) \(id): there is no such workspace")
        }
        return row
    }

    /// Changes a workspace that is there. What is absent in the request stays.
    func change(_ id: String, _ request: ChangeRequest) async throws -> WorkspaceDocument {
        let workspace = try await row(id, "change workspace").id
        if let wanted = request.limits {
            let (limits, change) = (limits, try wanted.change())
            // Not a child of the request: a client that goes away leaves no half-made change (I7).
            _ = try await Task.detached { try await limits.change(workspace, change) }.value
        }
        if let seconds = request.freezeIdle {
            _ = try await context.index.setFreezeIdle(workspace, seconds)
            idleFreezer.settingChanged()
        }
        if let seconds = request.expiresIn {
            _ = try await context.index.setExpiry(workspace, Self.moment(in: seconds))
            lifetimeSet.ring()
        }
        return try await show(id)
    }

    /// Undoes what a crash left half-made, and says so. Runs at readiness.
    func settleInterrupted(_ rows: [WorkspaceRow]) async {
        // Each to its end, since git and the kernel's answers are given up with a task that is cancelled; the others are the next start's.
        for row in rows where !Task.isCancelled {
            context.logger.notice(
                "Workspace \(row.id) was being created when the host ended; it is undone.",
                metadata: .workspace(row.id, context.instance))
            await Task.detached { await undo(row, detail: "its creation was cut by a restart of the host") }.value
        }
    }

    private func adopt(
        _ id: WorkspaceID, _ request: CreateWorkspaceRequest, _ limits: ResourceLimits
    ) async throws -> (row: WorkspaceRow, isNew: Bool) {
        guard let path = request.path, path.hasPrefix("/") else {
            throw HostFailure.invalidRequest("adopt a directory: `path` must be an absolute path; nothing was created")
        }
        let state = context.configuration.stateDirectory
        let (real, identity, holdsState): (String, FileIdentity, Bool)
        do throws(SystemCallFailure) {
            (real, identity, holdsState) = try await context.askDisk("open", path) { () throws(SystemCallFailure) in
                let directory = try ByteString(path).realPath()
                guard let real = directory.text else {
                    throw SystemCallFailure(call: "realpath", subject: path, errno: EILSEQ)
                }
                return (
                    real,
                    try OwnedFileDescriptor.open(path: real, flags: O_RDONLY | O_DIRECTORY).identity(name: real),
                    try ByteString(state).realPath().isAtOrBelow(directory)
                )
            }
        } catch {
            throw HostFailure.invalidRequest("adopt \(path): \(error); nothing was created")
        }
        // A delete looks at all that works in the directory, and every process of the person would be in this one.
        guard !holdsState else {
            throw HostFailure.invalidRequest(
                "adopt \(path): Corral's own state lies in it, in \(state); a workspace is the directory of one piece of work. Nothing was created"
            )
        }
        var repository: String?
        var branch: String?
        if case .opened(let found) = try await Repository.open(at: real, git: context.git) {
            repository = found.path
            branch = try await found.worktrees().first { $0.path.text == real }?.branch?.text
        }
        let row = WorkspaceRow(
            id: id, name: request.name ?? Self.lastComponent(real) ?? real, kind: .adopted, state: .active,
            repository: repository,
            branch: branch, path: real, worktreeIdentity: identity, request: try Self.canonical(request), detail: nil,
            createdAt: .now, branchWasCreated: false, limits: limits, freezeIdle: request.freezeIdle,
            // Never by the host's default: it was there before, and is somebody's.
            expiresAt: request.expiresIn.flatMap { Self.moment(in: $0) })
        if let there = try await insert(row, joinsBranch: false) { return (there, false) }
        context.tell(.workspaceCreated(row))
        idleFreezer.settingChanged()
        lifetimeSet.ring()
        return (row, true)
    }

    private func createWorktree(
        _ id: WorkspaceID, _ request: CreateWorkspaceRequest, _ limits: ResourceLimits
    ) async throws -> (row: WorkspaceRow, isNew: Bool) {
        guard let place = request.repository, place.hasPrefix("/") else {
            throw HostFailure.invalidRequest(
                "create a workspace: `repository` must be an absolute path; nothing was created")
        }
        let repository = try await open(place)
        let branch = request.branch ?? "corral/\(id)"
        guard try await repository.isValidBranchName(branch) else {
            throw HostFailure.invalidRequest(
                "create a workspace on branch \"\(branch)\": not a valid branch name; nothing was created")
        }
        let exists = try await repository.hasBranch(branch)
        let base = request.base ?? "HEAD"
        // As a commit id: a name could come to mean another commit before git looks at it.
        let commit = try await repository.commit(of: base)
        if !exists, commit == nil {
            throw HostFailure.invalidRequest(
                "create branch \(branch) at \(base): \(repository.path) has no such commit; nothing was created")
        }
        let plan = WorktreePlan(
            repository: repository, workspace: id.rawValue,
            start: exists ? .existing(branch: branch) : .new(branch: branch, base: commit ?? base),
            managedRoot: context.configuration.managedRoot)
        var row = WorkspaceRow(
            id: id, name: request.name ?? branch, kind: .worktree, state: .creating, repository: repository.path,
            branch: branch, path: plan.path, worktreeIdentity: nil, request: try Self.canonical(request), detail: nil,
            createdAt: .now, branchWasCreated: !exists, limits: limits, freezeIdle: request.freezeIdle,
            expiresAt: (request.expiresIn ?? context.configuration.expiresIn).flatMap { Self.moment(in: $0) })
        if let there = try await insert(row, joinsBranch: true) {
            // Whoever names an id goes on with that one.
            guard request.id == nil || there.id == id else {
                throw HostFailure.conflict(
                    "create workspace \(id) on branch \(branch): workspace \(there.id) has it; nothing was created")
            }
            return (there, false)
        }
        let directory: WorktreeDirectory
        do {
            // After the insertion, which may have found this very checkout as a workspace of ours.
            if exists, let other = try await repository.checkout(ofBranch: branch) {
                throw HostFailure.branchCheckedOut(
                    "create a workspace on branch \(branch): git has it checked out at \(other.path); nothing was created. To use that directory: corral workspace adopt \(other.path)"
                )
            }
            await context.reach(.workspaceInserted)
            directory = try await makeDirectory(row)
            row.worktreeIdentity = directory.identity
        } catch {
            // Nothing was made yet: whatever lies at the path is somebody else's.
            await forget(row)
            throw error
        }
        try await putInPlace(directory, row)
        do {
            try await addWorktree(plan, row, repository)
            await context.reach(.worktreeAdded)
            try await compare(directory, row)
        } catch {
            await undo(row, detail: "\(error)")
            throw error
        }
        return (try await finish(row), true)
    }

    /// Makes the worktree's directory beside its place, and records which one it is: only that one may be undone.
    private func makeDirectory(_ row: WorkspaceRow) async throws -> WorktreeDirectory {
        let root = context.configuration.managedRoot
        let directory: WorktreeDirectory
        do throws(SystemCallFailure) {
            directory = try await context.askDisk("make", row.path) { () throws(SystemCallFailure) in
                try WorktreeDirectory.make(for: row.path, below: root)
            }
        } catch {
            throw HostFailure.indexUnavailable("create workspace \(row.id): \(error); nothing was created")
        }
        do {
            guard
                try await context.index.updateWorkspace(
                    row.id, from: [.creating], to: .creating, detail: nil, worktreeIdentity: directory.identity)
            else {
                throw HostFailure.workspaceDeleting(
                    "create workspace \(row.id): it was deleted while it was being created")
            }
            return directory
        } catch {
            await discard(directory, row)
            throw error
        }
    }

    /// Puts the directory in its place, over nothing.
    /// - Throws: ``HostFailure``; then nothing of the creation is left, and what lies in the place was not touched.
    private func putInPlace(_ directory: WorktreeDirectory, _ row: WorkspaceRow) async throws {
        do throws(SystemCallFailure) {
            let isPlaced = try await context.askDisk("rename", row.path) { () throws(SystemCallFailure) in
                try directory.takePlace()
            }
            if isPlaced { return }
        } catch {
            await undo(row, detail: "\(error)")
            await discard(directory, row)
            throw HostFailure.indexUnavailable("create workspace \(row.id): \(error); nothing was created")
        }
        await discard(directory, row)
        await forget(row)
        throw HostFailure.conflict(
            "create workspace \(row.id): something lies at \(row.path) already, and no workspace claims it; it was not touched, and nothing was created"
        )
    }

    private func discard(_ directory: WorktreeDirectory, _ row: WorkspaceRow) async {
        do throws(SystemCallFailure) {
            try await context.askDisk("remove", row.path) { () throws(SystemCallFailure) in try directory.discard() }
        } catch {
            context.logger.warning("An empty directory beside \(row.path) could not be removed: \(error)")
        }
    }

    /// What git and its hooks have left at the path must be the directory that is on record.
    private func compare(_ directory: WorktreeDirectory, _ row: WorkspaceRow) async throws {
        let removal = trash.removal
        let found = try await context.askDisk("look at", row.path) { () throws(SystemCallFailure) in
            try removal.identity(of: row.path)
        }
        guard found == .found(directory.identity) else {
            throw HostFailure.gitFailed(
                "git worktree add \(row.path): what lies there is not the directory that was made for it; it was not touched"
            )
        }
    }

    /// Runs the setup script, then opens the workspace for sessions. A script that fails, or that cannot even be started, leaves it
    /// `failed`, kept and reported: the next start undoes only what is still `creating`.
    private func finish(_ row: WorkspaceRow) async throws -> WorkspaceRow {
        let (state, detail) = try await setUp(row)
        guard try await context.index.updateWorkspace(row.id, from: [.creating], to: state, detail: detail) else {
            throw HostFailure.workspaceDeleting("create workspace \(row.id): it was deleted while it was being created")
        }
        idleFreezer.settingChanged()
        lifetimeSet.ring()
        context.tell(state == .failed ? .workspaceFailed(row, detail ?? "") : .workspaceCreated(row))
        await context.reach(.workspaceActivated)
        return try await context.index.workspace(row.id) ?? row
    }

    /// Runs the setup script; says what becomes of the workspace, and what a person should know.
    /// - Throws: ``HostFailure/shuttingDown(_:)`` for one that was ended with all sessions, or was not begun for that: the row stays as it is.
    private func setUp(_ row: WorkspaceRow) async throws -> (WorkspaceRow.State, String?) {
        let outcome: WorkspaceScripts.Outcome
        do {
            outcome = try await scripts.run(.setup, in: row)
        } catch {
            try await refuseWhileStopping(row)
            return (.failed, "the setup script could not be run: \(error)")
        }
        if case .ran = outcome { try await refuseWhileStopping(row) }
        switch outcome {
        case .absent, .ran(.exited(.code(0), _)): return (.active, nil)
        case .skipped(let how): return (.active, how)
        case .ran(.exited(let exit, let tail)):
            return (.failed, "the setup script \(WorkspaceScripts.words(exit)); its last output: \(tail)")
        case .ran(.timedOut(let tail)):
            return (.failed, "the setup script took too long and was ended; its last output: \(tail)")
        case .ran(.notEnded(let why)):
            return (.failed, "the setup script took too long and could not be ended: \(why)")
        }
    }

    private func refuseWhileStopping(_ row: WorkspaceRow) async throws {
        guard await command.sessions.registry.isClosed else { return }
        throw HostFailure.shuttingDown(
            "create workspace \(row.id): corral-host is stopping; what was made is removed at its next start")
    }

    /// `git worktree add` runs hooks and filters of the repository, so it runs in a scope of the workspace's slice.
    private func addWorktree(_ plan: WorktreePlan, _ row: WorkspaceRow, _ repository: Repository) async throws {
        // As long as one run may take: whoever waits longer is told so (I8).
        let outcome = try await turns.run(repository.path, until: .after(.seconds(600))) {
            try await runAddition(plan, row, repository)
        }
        switch outcome {
        case nil:
            throw HostFailure.gitFailed(
                "git worktree add \(plan.path): other worktrees were being added to \(repository.path) for 600 s; nothing was created"
            )
        case .exited(.code(0), _): return
        case .exited(let exit, let tail):
            throw HostFailure.gitFailed(
                "git worktree add \(plan.path) \(WorkspaceScripts.words(exit)): \(tail); nothing was created")
        case .timedOut(let tail):
            throw HostFailure.gitFailed(
                "git worktree add \(plan.path) took more than 600 s and was ended: \(tail); nothing was created")
        case .notEnded(let why):
            throw HostFailure.gitFailed("git worktree add \(plan.path) could not be ended: \(why)")
        }
    }

    private func runAddition(
        _ plan: WorktreePlan, _ row: WorkspaceRow, _ repository: Repository
    ) async throws -> ScopedCommand.Outcome {
        try await command.run(
            plan.arguments, in: row, kind: .setup, title: "git worktree add", directory: repository.path,
            environment: WorktreePlan.environment(from: [:]), isRetry: false, timeout: .seconds(600))
    }

    /// Ends what runs in the slice, removes what was made on disk, and drops the row. What cannot be undone stays as `failed`.
    private func undo(_ row: WorkspaceRow, detail: String) async {
        do {
            for session in try await context.index.sessions(workspace: row.id, includeEnded: false) {
                let end = await ender.kill(session, reason: .startFailed, force: true)
                guard end.outcome == .confirmed else {
                    throw HostFailure.conflict(
                        "session \(session.id) did not end: \(end.detail ?? end.outcome.rawValue)")
                }
            }
            // Without a directory on record git was not run: what lies at the path, and a branch of that name, are somebody else's.
            if row.worktreeIdentity != nil { try await trash.discard(row) }
            if row.worktreeIdentity != nil, row.branchWasCreated, let branch = row.branch, let path = row.repository,
                case .opened(let repository) = try await Repository.open(at: path, git: context.git)
            {
                // Made by us a moment ago; `-d` keeps it if somebody committed to it.
                _ = try await BranchRemoval(repository: repository).remove(branch, force: false)
            }
            // The id is free again, and whoever takes it next must not find these limits.
            await limits.forget(row.id, ifAny: row.limits)
            _ = try await context.index.forgetWorkspace(row.id, from: [.creating])
        } catch {
            context.tell(.workspaceFailed(row, "\(detail); it could not be undone: \(error)"))
            do {
                _ = try await context.index.updateWorkspace(
                    row.id, from: [.creating], to: .failed, detail: "\(detail); \(error)")
            } catch {
                context.logger.error("Workspace \(row.id) could not be marked failed: \(error)")
            }
        }
    }

    private func forget(_ row: WorkspaceRow) async {
        do {
            _ = try await context.index.forgetWorkspace(row.id, from: [.creating])
        } catch {
            context.logger.error("Row of workspace \(row.id) could not be dropped: \(error)")
        }
    }

    /// - Returns: the workspace that is there already and is the same one.
    private func insert(_ row: WorkspaceRow, joinsBranch: Bool) async throws -> WorkspaceRow? {
        switch try await context.index.insertWorkspace(row) {
        case .inserted: return nil
        case .idUsed(let there):
            if there.request == row.request, there.state == .active { return there }
            throw HostFailure.idUsed(
                "create workspace \(row.id): the id belongs to a workspace that is \(there.state.rawValue)\(there.request == row.request ? "" : " and was asked for with other parameters"); nothing was created"
            )
        case .idSpent(let receipt):
            throw HostFailure.idUsed(
                "create workspace \(row.id): a workspace of that id was deleted (receipt \(receipt)); nothing was created"
            )
        case .branchTaken(let there):
            if joinsBranch, there.state == .active { return there }
            if !joinsBranch, there.path != row.path {
                throw HostFailure.conflict(
                    "adopt \(row.path): its branch \(there.branch ?? "") is workspace \(there.id) already; nothing was created"
                )
            }
            throw HostFailure.conflict(
                "create a workspace on branch \(there.branch ?? ""): workspace \(there.id) is being created on it; nothing was created"
            )
        case .pathTaken(let there):
            throw HostFailure.conflict("use \(row.path): it is workspace \(there.id) already; nothing was created")
        }
    }

    private func open(_ place: String) async throws -> Repository {
        switch try await Repository.open(at: place, git: context.git) {
        case .opened(let repository): return repository
        case .absent:
            throw HostFailure.repositoryNotFound(
                "open repository \(place): there is no such directory; nothing was created")
        case .notARepository(let why):
            throw HostFailure.repositoryNotFound("open repository \(place): \(why); nothing was created")
        }
    }

    /// The name of what nobody gave a name. A file may have any, also one that is refused when it is given.
    static func lastComponent(_ path: String) -> String? {
        path.split(separator: "/" as Character).last.map { OneLine.of($0) }
    }

    private func document(_ row: WorkspaceRow) async throws -> WorkspaceDocument {
        let sessions = try await context.index.sessions(workspace: row.id, includeEnded: false)
        return WorkspaceDocument(row, context, sessions: sessions.count)
    }

    /// The request in one form, so that two that mean the same compare equal.
    private static func canonical(_ request: CreateWorkspaceRequest) throws -> String {
        try WireCoding.text(of: request)
    }
}

extension WorkspaceDocument {
    /// What clients see of a row.
    init(_ row: WorkspaceRow, _ context: HostContext, sessions: Int) {
        let slice = SliceName.workspace(context.instance, row.id)
        self.init(
            id: row.id.rawValue, name: row.name, kind: row.kind == .worktree ? .worktree : .adopted,
            state: State(rawValue: row.state.rawValue) ?? .failed, repository: row.repository, branch: row.branch,
            path: row.path, slice: slice.unit, createdAt: Timestamp(row.createdAt), sessions: sessions,
            detail: row.detail,
            limits: LimitsDocument(row.limits),
            limitsInForce: LimitsDocument(inForce: row.limits, at: slice.path, ground: context.ground),
            frozen: context.freezer.isFrozen(slice.path),
            freezeIdle: context.freezeIdle(of: row).map { Int($0.components.seconds) },
            expiresAt: row.expiresAt.map { Timestamp($0) })
    }
}
