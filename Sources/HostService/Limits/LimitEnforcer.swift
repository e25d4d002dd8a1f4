import CgroupPty
import HostProtocol
import Logging
import SessionIndex

/// Puts limits in place by systemd and reads them back from the kernel, before a session's command runs and when they are changed.
///
/// systemd accepts a limit whose controller it does not have and says nothing. So whether a limit can hold is asked before anything is
/// done, and whether it holds is read from the cgroup afterwards.
struct LimitEnforcer: Sendable {
    let context: HostContext
    /// One at a time for each workspace: a start that has read its row must not undo what a change has set meanwhile.
    let turns = Turns()

    /// How long systemd and whoever has the turn may take.
    private static let patience = Duration.seconds(20)
    /// What a change that is refused comes to.
    private static let unchanged = "the limits are as before"

    /// Refuses limits whose controllers the manager was not given.
    /// - Throws: ``HostFailure/limitUnavailable(_:)``, which says how they are given to it.
    func check(_ limits: ResourceLimits, subject: String, consequence: String) throws(HostFailure) {
        guard !limits.isEmpty else { return }
        let there: Set<ResourceLimit.Controller>?
        do throws(SystemCallFailure) {
            there = try context.ground.manager.controllers()
        } catch {
            throw .limitUnavailable(
                "limit \(subject): which controllers there are cannot be read: \(error); \(consequence)")
        }
        let missing = limits.controllers.filter { !(there ?? []).contains($0) }
        guard missing.isEmpty else {
            throw .limitUnavailable(
                "limit \(subject): \(Delegation(context.configuration.manager).advice(missing)); \(consequence)")
        }
    }

    /// Puts the limits of a workspace on its slice, where the scope of a session is by now; the caller's session begins afterwards.
    func prepare(_ workspace: WorkspaceID, for session: SessionRow) async throws {
        try await withTurn(workspace) {
            guard let row = try await context.index.workspace(workspace), !row.limits.isEmpty else { return }
            let slice = SliceName.workspace(context.instance, workspace)
            let consequence = "no command was run in session \(session.id)"
            let wanted = ResourceLimitChange(row.limits.values)
            if try missing(of: wanted, in: slice.path)?.isEmpty == true { return }
            try check(row.limits, subject: "workspace \(workspace)", consequence: consequence)
            try await set(wanted, of: slice.unit, at: slice.path, consequence: consequence)
        }
    }

    /// Reads back what a scope was started with.
    func verify(_ limits: ResourceLimits, of scope: ScopeName) throws {
        guard !limits.isEmpty else { return }
        let missing = try missing(of: ResourceLimitChange(limits.values), in: scope.path)
        try refuse(missing, scope.unit, consequence: "no command was run")
    }

    /// Changes the limits of a workspace: on record, on its slice if there is one, and for the slice that comes next.
    /// - Returns: the workspace afterwards.
    func change(_ id: WorkspaceID, _ change: ResourceLimitChange) async throws -> WorkspaceRow {
        try check(change.set, subject: "workspace \(id)", consequence: Self.unchanged)
        return try await withTurn(id) {
            guard var row = try await context.index.workspace(id) else {
                throw HostFailure.workspaceNotFound("limit workspace \(id): there is no such workspace")
            }
            let slice = SliceName.workspace(context.instance, id)
            do {
                row.limits = try await replace(
                    row.limits, by: change, of: slice.unit, at: slice.path,
                    record: { try await context.index.setLimits(workspace: id, $0) },
                    orElse: .workspaceDeleting("limit workspace \(id): it is being deleted; \(Self.unchanged)"))
            } catch {
                // Its delete, which may be over, did not see what was set meanwhile. One that has limits keeps them: it may be given back.
                if case HostFailure.workspaceDeleting = error {
                    let isGone = try await context.index.workspace(id) == nil
                    if row.limits.isEmpty || isGone { await revert(id) }
                }
                throw error
            }
            // Nothing is left to be remembered: the files of systemd go, and with them what the next slice would read.
            if row.limits.isEmpty { await revert(id) }
            return row
        }
    }

    /// Changes the limits of a session that runs: on record and on its scope.
    /// - Returns: the session afterwards.
    func change(_ id: SessionID, _ change: ResourceLimitChange) async throws -> SessionRow {
        let notFound = HostFailure.sessionNotFound("limit session \(id): there is no such session")
        guard let workspace = try await context.index.session(id)?.workspaceID else { throw notFound }
        return try await withTurn(workspace) {
            guard var row = try await context.index.session(id), let scope = ScopeName(unit: row.unit) else {
                throw notFound
            }
            let ended = HostFailure.sessionEnded("limit session \(id): it is not running; \(Self.unchanged)")
            guard row.status == .active, case .found = context.ground.look(scope.path) else { throw ended }
            try check(change.set, subject: "session \(id)", consequence: Self.unchanged)
            row.limits = try await replace(
                row.limits, by: change, of: scope.unit, at: scope.path,
                record: { try await context.index.setLimits(session: id, $0) }, orElse: ended)
            return row
        }
    }

    /// Records a change, sets it and reads it back. Where it does not hold, the limits are as they were.
    /// - Parameter record: writes limits into the index; false where that takes none any more, and `refusal` is thrown.
    /// - Returns: the limits afterwards.
    private func replace(
        _ before: ResourceLimits, by change: ResourceLimitChange, of unit: String, at path: CgroupPath,
        record: (ResourceLimits) async throws -> Bool, orElse refusal: HostFailure
    ) async throws -> ResourceLimits {
        let after = before.applying(change)
        // Not on record, and in force all the same: systemd gives every scope a number of tasks.
        let tasksMax = tasksMax(of: path)
        // What is lifted leaves the record last: after a crash in between the next host puts in place what is on record, and nothing is
        // in force that is not.
        guard try await record(before.applying(ResourceLimitChange(change.set.values))) else { throw refusal }
        do {
            try await set(change, of: unit, at: path, consequence: Self.unchanged)
            guard try await record(after) else { throw refusal }
        } catch {
            do {
                _ = try await record(before)
            } catch {
                context.logger.error("take back the record of the limits of \(unit): \(error)")
            }
            var back = after.change(to: before)
            if back.values[.tasksMax] == .some(nil), let tasksMax { back.values[.tasksMax] = tasksMax }
            await undo(back, of: unit)
            throw error
        }
        return after
    }

    /// Removes what systemd keeps of the limits of a workspace that goes.
    /// - Parameter limits: as they were when somebody looked last; others may be on record by now.
    func forget(_ workspace: WorkspaceID, ifAny limits: ResourceLimits) async {
        do {
            // After a change that is under way, which may set something still.
            try await withTurn(workspace) {
                let now = try await context.index.workspace(workspace)?.limits ?? limits
                if !limits.isEmpty || !now.isEmpty { await revert(workspace) }
            }
        } catch {
            context.logger.warning("\(error)", metadata: .workspace(workspace, context.instance))
        }
    }

    private func revert(_ workspace: WorkspaceID) async {
        do throws(ScopeFailure) {
            try await context.systemd.revertUnit(
                SliceName.workspace(context.instance, workspace).unit, until: .after(Self.patience))
        } catch {
            context.logger.warning(
                "\(error); its limits stay in systemd's runtime directory until the next boot",
                metadata: .workspace(workspace, context.instance))
        }
    }

    /// Puts the limits on record in place again where a crash or somebody else has left others. Runs at readiness.
    func settle(_ sessions: [SessionRow]) async {
        do {
            for row in try await context.index.workspaces() where !row.limits.isEmpty && row.state != .deleting {
                let slice = SliceName.workspace(context.instance, row.id)
                await repair(slice.unit, slice.path, in: row.id) {
                    try await context.index.workspace(row.id).flatMap { $0.state == .deleting ? nil : $0.limits }
                }
            }
            for row in sessions where !row.limits.isEmpty && row.status == .active && row.bootID == context.bootID {
                guard let scope = ScopeName(unit: row.unit) else { continue }
                await repair(scope.unit, scope.path, in: row.workspaceID) {
                    try await context.index.session(row.id).flatMap { $0.status == .active ? $0.limits : nil }
                }
            }
        } catch {
            context.logger.error("Limits of an earlier host could not be looked at: \(error)")
        }
    }

    /// - Parameter onRecord: reads the limits once nobody else changes them: clients are served by now, and may have.
    private func repair(
        _ unit: String, _ path: CgroupPath, in workspace: WorkspaceID,
        _ onRecord: @escaping @Sendable () async throws -> ResourceLimits?
    ) async {
        do {
            try await withTurn(workspace) {
                guard let limits = try await onRecord() else { return }
                let wanted = ResourceLimitChange(limits.values)
                guard let missing = try missing(of: wanted, in: path), !missing.isEmpty else { return }
                try await set(wanted, of: unit, at: path, consequence: "it goes on without")
            }
        } catch {
            context.logger.error("\(error)", metadata: .workspace(workspace, context.instance))
        }
    }

    private func withTurn<Value: Sendable>(
        _ workspace: WorkspaceID, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        if let value = try await turns.run(workspace.rawValue, until: .after(Self.patience), body) { return value }
        throw HostFailure.limitUnavailable(
            "limit workspace \(workspace): its limits were being changed for \(Self.patience); nothing was done")
    }

    /// Sets and reads back. Where nothing runs there is nothing to be read back: what it gets is read when a session starts in it.
    private func set(
        _ change: ResourceLimitChange, of unit: String, at path: CgroupPath, consequence: String
    ) async throws {
        do throws(ScopeFailure) {
            try await context.systemd.setLimits(unit, change, until: .after(Self.patience))
        } catch {
            if case .unreachable = error { throw HostFailure.systemdUnreachable("\(error); \(consequence)") }
            throw HostFailure.limitUnavailable("\(error); \(consequence)")
        }
        try refuse(try missing(of: change, in: path), unit, consequence: consequence)
    }

    /// Nil where there is none, or where it cannot be known.
    private func tasksMax(of path: CgroupPath) -> UInt64? {
        guard case .found(let cgroup) = context.ground.look(path) else { return nil }
        do throws(SystemCallFailure) {
            if case .limited(let value) = try cgroup.read(.tasksMax) { return value }
        } catch {
            context.logger.debug("\(error)")
        }
        return nil
    }

    private func undo(_ change: ResourceLimitChange, of unit: String) async {
        do throws(ScopeFailure) {
            try await context.systemd.setLimits(unit, change, until: .after(Self.patience))
        } catch {
            context.logger.error("take back limits: \(error)")
        }
    }

    private typealias Missing = [(limit: ResourceLimit, reading: CgroupDirectory.LimitReading)]

    /// - Returns: nil when nothing runs there.
    private func missing(of change: ResourceLimitChange, in path: CgroupPath) throws -> Missing? {
        switch context.ground.look(path) {
        case .absent: return nil
        case .unknown(let reason):
            throw HostFailure.limitUnavailable("read the limits of \(path): \(reason); whether they hold is not known")
        case .found(let cgroup): return try cgroup.missing(of: change)
        }
    }

    private func refuse(_ missing: Missing?, _ unit: String, consequence: String) throws(HostFailure) {
        guard let missing, !missing.isEmpty else { return }
        let words = missing.map { "\($0.limit.rawValue) is \($0.reading.words)" }.joined(separator: ", ")
        throw .limitUnavailable("limit \(unit): systemd took it, and the kernel says that \(words); \(consequence)")
    }
}

extension CgroupDirectory.LimitReading {
    fileprivate var words: String {
        switch self {
        case .limited(let value): "\(value)"
        case .unlimited: "not limited"
        case .noController: "not there"
        }
    }
}
