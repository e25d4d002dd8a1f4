import CgroupPty
import HostProtocol
import SessionIndex

/// The verbs that stop processes in their tracks, and let them go on: of a session, or of a workspace and all that lies in its slice.
///
/// What is frozen is what the kernel says is; nothing about it is on record here but, as an attribute of the cgroup, who asked for it. So
/// it outlives the host, and goes with the cgroup. Creations and freezes of a workspace exclude each other: a leader that
/// is frozen while it is parked would never answer.
struct FreezeService: Sendable {
    /// Who asked for a freeze.
    enum Cause: String, Sendable {
        /// Somebody, who is the one to thaw it.
        case asked
        /// It had been idle for as long as its workspace says; it goes on when somebody comes to it.
        case idle
        /// Nobody any more: it was thawed.
        case none
    }

    /// What a process may take to stop: one that waits for a disk does not.
    private static let patience = Duration.seconds(10)
    /// The attribute with the cause.
    private static let attribute = "frozen"

    let context: HostContext
    let registry: SessionRegistry
    /// One freeze or thaw at a time in a workspace: systemd cancels the one for the other, and neither comes to an end then.
    private let turns = Turns()

    /// Takes what it works with.
    init(context: HostContext, registry: SessionRegistry) {
        self.context = context
        self.registry = registry
    }

    private var freezer: UnitFreezer { context.freezer }

    // MARK: Workspaces

    /// Freezes everything in a workspace's slice.
    /// - Parameter isStillWanted: asked once nothing is created in the workspace any more; false leaves it running.
    /// - Throws: ``HostFailure``; then it is as it was.
    func freeze(
        _ row: WorkspaceRow, because cause: Cause = .asked,
        if isStillWanted: @Sendable () async throws -> Bool = { true }
    ) async throws {
        let verb = "freeze workspace \(row.id)"
        try Self.refuseUnsettled(row, verb)
        try await withTurn(row.id, verb) { try await freezeInTurn(row, because: cause, if: isStillWanted, verb) }
    }

    private func freezeInTurn(
        _ row: WorkspaceRow, because cause: Cause, if isStillWanted: @Sendable () async throws -> Bool, _ verb: String
    ) async throws {
        guard await registry.beginFreeze(row.id) else {
            throw HostFailure.conflict("\(verb): it is being frozen already")
        }
        await registry.waitForCreations(in: row.id)
        let slice = SliceName.workspace(context.instance, row.id)
        let result: Result<Bool, any Error>
        do {
            try await refuseDeleting(row.id, verb)
            var isNew = false
            if try await isStillWanted() {
                isNew = try await freeze(.init(slice), because: cause, verb) {
                    try await refuseDeleting(row.id, verb)
                }
            }
            result = .success(isNew)
        } catch {
            result = .failure(error)
        }
        await registry.endFreeze(row.id)
        if try result.get() { context.tell(.frozen(row, cause)) }
    }

    private static func refuseUnsettled(_ row: WorkspaceRow, _ verb: String) throws(HostFailure) {
        switch row.state {
        case .active, .failed: break
        case .deleting:
            throw .workspaceDeleting("\(verb): workspace \(row.id) is being deleted; nothing was frozen")
        case .creating: throw .conflict("\(verb): workspace \(row.id) is being created; nothing was frozen")
        }
    }

    /// A delete may have begun while creations were waited for, or while it was being frozen.
    private func refuseDeleting(_ id: WorkspaceID, _ verb: String) async throws {
        guard let row = try await context.index.workspace(id) else {
            throw HostFailure.workspaceNotFound("\(verb): workspace \(id) was deleted")
        }
        try Self.refuseUnsettled(row, verb)
    }

    /// Lets everything in a workspace's slice go on, also sessions that were frozen for themselves.
    func thaw(_ row: WorkspaceRow, because why: String = "asked") async throws {
        let slice = SliceName.workspace(context.instance, row.id)
        let verb = "thaw workspace \(row.id)"
        try await withTurn(row.id, verb) {
            if try await thaw(.init(slice), verb) {
                for scope in scopes(of: slice) { try note(.none, scope.path, "") }
                context.tell(.thawed(row, why))
            }
        }
    }

    private func scopes(of slice: SliceName) -> [ScopeName] {
        guard case .found(let cgroup) = context.ground.look(slice.path) else { return [] }
        do throws(SystemCallFailure) {
            return try (cgroup.childNames() ?? []).compactMap { ScopeName(unit: $0) }
        } catch {
            return []
        }
    }

    /// Lets a workspace go on that was frozen since nobody used it. Sessions that somebody froze stay so.
    func wake(_ row: WorkspaceRow, because why: String) async throws {
        try await withTurn(row.id, "thaw workspace \(row.id)") { try await wakeInTurn(row, because: why) }
    }

    private func wakeInTurn(_ row: WorkspaceRow, because why: String) async throws {
        let slice = SliceName.workspace(context.instance, row.id)
        // Somebody may have frozen it while the turn was waited for.
        guard cause(of: slice.path) == .idle else { return }
        let verb = "thaw workspace \(row.id)"
        let kept = Set(scopes(of: slice).filter { cause(of: $0.path) == .asked }.map(\.unit))
        if try outcome(of: await freezer.release(.init(slice), keeping: kept), slice.path, verb) {
            context.tell(.thawed(row, why))
        }
    }

    // MARK: Sessions

    /// Freezes everything in a session's scope.
    func freeze(_ row: SessionRow) async throws {
        let verb = "freeze session \(row.id)"
        guard let scope = ScopeName(unit: row.unit) else { throw HostFailure.sessionEnded("\(verb): it has no scope") }
        try await withTurn(row.workspaceID, verb) {
            try await refuseEnding(row.id, verb)
            // Else the next one who comes to the workspace would let it go on.
            if let workspace = try await idleWorkspace(of: row, scope) {
                try await wakeInTurn(workspace, because: "another freeze")
            }
            let isNew = try await freeze(.init(scope), because: .asked, verb) { try await refuseEnding(row.id, verb) }
            if isNew { context.tell(.frozen(row)) }
        }
    }

    /// Refuses to freeze a session that has ended or is about to, by itself or with its workspace, and one that is being started.
    private func refuseEnding(_ id: SessionID, _ verb: String) async throws {
        guard let row = try await context.index.session(id) else {
            throw HostFailure.sessionNotFound("\(verb): there is no such session any more")
        }
        guard !row.status.isEnded || row.couldHaveMembers else {
            throw HostFailure.sessionEnded("\(verb): it has ended; nothing was frozen")
        }
        if let workspace = try await context.index.workspace(row.workspaceID) {
            try Self.refuseUnsettled(workspace, verb)
        }
        guard row.status != .starting else {
            throw HostFailure.conflict("\(verb): it is being started; nothing was frozen")
        }
        guard row.disposeRequestedAt == nil else {
            throw HostFailure.conflict("\(verb): it is being ended; nothing was frozen")
        }
    }

    /// Lets everything in a session's scope go on.
    func thaw(_ row: SessionRow) async throws {
        let verb = "thaw session \(row.id)"
        guard let scope = ScopeName(unit: row.unit) else { throw HostFailure.sessionEnded("\(verb): it has no scope") }
        try await withTurn(row.workspaceID, verb) {
            if freezer.isToBeFrozen(scope.slice.path) {
                throw HostFailure.frozen("\(verb): its whole workspace is frozen; thaw workspace \(row.workspaceID)")
            }
            if try await thaw(.init(scope), verb) { context.tell(.thawed(row)) }
        }
    }

    /// Whether a session is frozen, by itself or with its workspace; nil when that cannot be known.
    func isFrozen(_ row: SessionRow) -> Bool? { ScopeName(unit: row.unit).flatMap { freezer.isFrozen($0.path) } }

    /// Lets a session go on that was frozen since nobody used it.
    /// - Returns: whether it runs, as far as that can be known.
    func wake(_ row: SessionRow, _ why: String) async throws -> Bool {
        guard isFrozen(row) == true else { return true }
        guard let scope = ScopeName(unit: row.unit), let workspace = try await idleWorkspace(of: row, scope) else {
            return false
        }
        try await wake(workspace, because: why)
        return isFrozen(row) != true
    }

    /// The workspace of a session, if it is frozen since nobody used it.
    private func idleWorkspace(of row: SessionRow, _ scope: ScopeName) async throws -> WorkspaceRow? {
        guard cause(of: scope.slice.path) == .idle, freezer.isToBeFrozen(scope.slice.path) else { return nil }
        return try await context.index.workspace(row.workspaceID)
    }

    /// Lets a workspace go on in which a session is to be started: one that was frozen since nobody used it, and one in which nothing runs,
    /// since systemd from 257 on keeps a slice that is frozen, and starts nothing in it.
    /// - Returns: false where somebody froze it.
    func admitSession(in workspace: WorkspaceID) async throws -> Bool {
        let slice = SliceName.workspace(context.instance, workspace)
        guard freezer.isToBeFrozen(slice.path) else { return true }
        if case .found(let cgroup) = context.ground.look(slice.path), try cgroup.events()?.isPopulated == false {
            let verb = "thaw workspace \(workspace), in which nothing runs"
            try await withTurn(workspace, verb) { _ = try await thaw(.init(slice), verb) }
            return true
        }
        guard cause(of: slice.path) == .idle, let row = try await context.index.workspace(workspace) else {
            return false
        }
        try await wake(row, because: "a new session")
        return true
    }

    /// Whether somebody froze a workspace.
    func isHeld(_ row: WorkspaceRow) -> Bool {
        let path = SliceName.workspace(context.instance, row.id).path
        return freezer.isToBeFrozen(path) && cause(of: path) == .asked
    }

    /// Whether somebody froze a session or its workspace; what is frozen for not being used is not held.
    func isHeld(_ row: SessionRow) -> Bool {
        guard let scope = ScopeName(unit: row.unit), freezer.isFrozen(scope.path) != false else { return false }
        return !(freezer.isToBeFrozen(scope.slice.path) && cause(of: scope.slice.path) == .idle)
    }

    /// Refuses input to a session that is frozen, unless it goes on by being used.
    func admitInput(_ row: SessionRow) async throws {
        guard try await !wake(row, "input") else { return }
        throw HostFailure.frozen(
            "write to session \(row.id): it is frozen; nothing was written. Thaw it, or workspace \(row.workspaceID)")
    }

    // MARK: Both

    private func withTurn(
        _ workspace: WorkspaceID, _ verb: String, _ body: @Sendable () async throws -> Void
    ) async throws {
        guard try await turns.run(workspace.rawValue, until: .after(Self.patience * 2), body) != nil else {
            throw HostFailure.freezeFailed(
                "\(verb): others were being frozen or thawed in it for \(Self.patience * 2); nothing was done")
        }
    }

    /// - Parameter refuseEnding: Asked where it failed: that the target is about to end is the better reason.
    /// - Returns: whether it was not frozen before.
    private func freeze(
        _ target: ScopeStop.Target, because cause: Cause, _ verb: String,
        refuseEnding: @Sendable () async throws -> Void
    ) async throws -> Bool {
        // What somebody else froze must not be taken for idle.
        if cause == .idle, freezer.isFrozen(target.path) != false { return false }
        try note(cause, target.path, verb)
        let outcome: UnitFreezer.Freeze
        do throws(ScopeFailure) {
            outcome = try await freezer.freeze(target, until: .after(Self.patience))
        } catch {
            try note(.none, target.path, verb)
            try await refuseEnding()
            if case .unreachable = error { throw HostFailure.systemdUnreachable("\(error); nothing was frozen") }
            throw HostFailure.freezeFailed("\(verb): \(error); nothing was frozen")
        }
        if outcome == .frozen || outcome == .alreadyFrozen { return outcome == .frozen }
        try note(.none, target.path, verb)
        try await refuseEnding()
        if case .failed(let why) = outcome { throw HostFailure.freezeFailed("\(verb): \(why)") }
        throw HostFailure.nothingToFreeze("\(verb): nothing runs in it")
    }

    /// - Returns: whether it was frozen before.
    private func thaw(_ target: ScopeStop.Target, _ verb: String) async throws -> Bool {
        try outcome(of: await freezer.thaw(target), target.path, verb)
    }

    /// - Returns: whether it was frozen before.
    private func outcome(of thaw: UnitFreezer.Thaw, _ path: CgroupPath, _ verb: String) throws -> Bool {
        switch thaw {
        case .thawed:
            // The next freeze may be somebody's who does not say why.
            try note(.none, path, verb)
            return true
        case .notFrozen: return false
        case .heldByAncestor:
            throw HostFailure.frozen(
                "\(verb): what it lies in is frozen (systemctl thaw \(SliceName.instance(context.instance).unit))")
        case .failed(let why): throw HostFailure.freezeFailed("\(verb): \(why)")
        }
    }

    /// Before the freeze: what was frozen for being idle must be known for that.
    private func note(_ cause: Cause, _ path: CgroupPath, _ verb: String) throws {
        guard case .found(let cgroup) = context.ground.look(path) else { return }
        do throws(SystemCallFailure) {
            try cgroup.setAttribute(Self.attribute, cause.rawValue)
        } catch {
            // Then it takes somebody to thaw it, and nobody to freeze it by himself.
            if cause == .idle { throw HostFailure.freezeFailed("\(verb): \(error); nothing was frozen") }
        }
    }

    private func cause(of path: CgroupPath) -> Cause? {
        guard case .found(let cgroup) = context.ground.look(path) else { return nil }
        do throws(SystemCallFailure) {
            return try cgroup.attribute(Self.attribute).flatMap { Cause(rawValue: $0) }
        } catch {
            return nil
        }
    }
}
