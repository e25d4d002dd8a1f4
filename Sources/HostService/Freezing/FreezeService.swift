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
    }

    /// What a process may take to stop: one that waits for a disk does not.
    private static let patience = Duration.seconds(10)
    /// The attribute with the cause.
    private static let attribute = "frozen"

    let context: HostContext
    let registry: SessionRegistry

    private var freezer: UnitFreezer { context.freezer }

    // MARK: Workspaces

    /// Freezes everything in a workspace's slice.
    /// - Throws: ``HostFailure``; then it is as it was.
    func freeze(_ row: WorkspaceRow, because cause: Cause = .asked) async throws {
        let verb = "freeze workspace \(row.id)"
        guard row.state != .deleting else {
            throw HostFailure.workspaceDeleting("\(verb): it is being deleted; nothing was frozen")
        }
        guard row.state != .creating else {
            throw HostFailure.conflict("\(verb): it is being created; nothing was frozen")
        }
        guard await registry.beginFreeze(row.id) else {
            throw HostFailure.conflict("\(verb): it is being frozen already")
        }
        await registry.waitForCreations(in: row.id)
        let slice = SliceName.workspace(context.instance, row.id)
        let result: Result<Bool, any Error>
        do {
            result = .success(try await freeze(.init(slice), because: cause, verb))
        } catch {
            result = .failure(error)
        }
        await registry.endFreeze(row.id)
        if try result.get() { context.tell(.frozen(row, cause)) }
    }

    /// Lets everything in a workspace's slice go on, also sessions that were frozen for themselves.
    func thaw(_ row: WorkspaceRow, because why: String = "asked") async throws {
        let slice = SliceName.workspace(context.instance, row.id)
        if try await thaw(.init(slice), "thaw workspace \(row.id)") { context.tell(.thawed(row, why)) }
    }

    // MARK: Sessions

    /// Freezes everything in a session's scope.
    func freeze(_ row: SessionRow) async throws {
        let verb = "freeze session \(row.id)"
        guard let scope = ScopeName(unit: row.unit), !row.status.isEnded || row.couldHaveMembers else {
            throw HostFailure.sessionEnded("\(verb): it has ended; nothing was frozen")
        }
        guard row.status != .starting else {
            throw HostFailure.conflict("\(verb): it is being started; nothing was frozen")
        }
        if try await freeze(.init(scope), because: .asked, verb) { context.tell(.frozen(row)) }
    }

    /// Lets everything in a session's scope go on.
    func thaw(_ row: SessionRow) async throws {
        let verb = "thaw session \(row.id)"
        guard let scope = ScopeName(unit: row.unit) else { throw HostFailure.sessionEnded("\(verb): it has no scope") }
        if freezer.isFrozen(scope.slice.path) == true {
            throw HostFailure.frozen("\(verb): its whole workspace is frozen; thaw workspace \(row.workspaceID)")
        }
        if try await thaw(.init(scope), verb) { context.tell(.thawed(row)) }
    }

    /// Whether a session is frozen, by itself or with its workspace; nil when that cannot be known.
    func isFrozen(_ row: SessionRow) -> Bool? { ScopeName(unit: row.unit).flatMap { freezer.isFrozen($0.path) } }

    /// Lets a session go on that was frozen since nobody used it.
    /// - Returns: whether it runs, as far as that can be known.
    func wake(_ row: SessionRow, _ why: String) async throws -> Bool {
        guard isFrozen(row) == true else { return true }
        guard let scope = ScopeName(unit: row.unit), cause(of: scope.slice.path) == .idle,
            freezer.isFrozen(scope.slice.path) == true,
            let workspace = try await context.index.workspace(row.workspaceID)
        else { return false }
        try await thaw(workspace, because: why)
        return isFrozen(row) != true
    }

    /// Refuses input to a session that is frozen, unless it goes on by being used.
    func admitInput(_ row: SessionRow) async throws {
        guard try await !wake(row, "input") else { return }
        throw HostFailure.frozen(
            "write to session \(row.id): it is frozen; nothing was written. Thaw it, or workspace \(row.workspaceID)")
    }

    // MARK: Both

    /// - Returns: whether it was not frozen before.
    private func freeze(_ target: ScopeStop.Target, because cause: Cause, _ verb: String) async throws -> Bool {
        try note(cause, target.path, verb)
        let outcome: UnitFreezer.Freeze
        do throws(ScopeFailure) {
            outcome = try await freezer.freeze(target, until: .after(Self.patience))
        } catch {
            if case .unreachable = error { throw HostFailure.systemdUnreachable("\(error); nothing was frozen") }
            throw HostFailure.freezeFailed("\(verb): \(error); nothing was frozen")
        }
        switch outcome {
        case .frozen: return true
        case .alreadyFrozen: return false
        case .empty: throw HostFailure.nothingToFreeze("\(verb): nothing runs in it")
        case .failed(let why): throw HostFailure.freezeFailed("\(verb): \(why)")
        }
    }

    /// - Returns: whether it was frozen before.
    private func thaw(_ target: ScopeStop.Target, _ verb: String) async throws -> Bool {
        switch await freezer.thaw(target) {
        case .thawed: return true
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
