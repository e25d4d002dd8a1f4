/// Freezes and thaws our own scopes and slices: asked of systemd, known from the kernel.
///
/// systemd must know of a freeze, since from 257 on it refuses to stop and to start what is frozen; a thaw works without it (I10).
/// Whether something is frozen is what `cgroup.events` says and nothing else: a unit that somebody else has frozen or thawed is seen as
/// it is. Processes in an uninterruptible sleep keep their cgroup from being frozen for as long as it lasts.
///
/// Nothing above the target is ever thawed. systemd before 257 does that with each `ThawUnit()`, and with each stop of a unit; so where
/// something above is to be frozen, the kernel alone is told.
///
/// See: cgroup-v2.rst "cgroup.freeze"; org.freedesktop.systemd1(5), `FreezeUnit()`
public struct UnitFreezer: Sendable {
    /// What became of a freeze.
    public enum Freeze: Sendable, Equatable {
        /// Everything in it is frozen now.
        case frozen
        /// It was frozen before.
        case alreadyFrozen
        /// There is nothing in it that could be frozen.
        case empty
        /// It did not become frozen in time, and was thawed again; or somebody thawed it meanwhile; or whether it is cannot be known. Says
        /// why.
        case failed(String)
    }

    /// What became of a thaw.
    public enum Thaw: Sendable, Equatable {
        /// It runs now.
        case thawed
        /// It was not frozen.
        case notFrozen
        /// It is frozen still, with what it lies in.
        case heldByAncestor
        /// Whether it runs is not known, or it does not. Says why.
        case failed(String)
    }

    private let systemd: SystemdManager
    private let ground: CgroupGround
    private let monitor: ReadinessMonitor

    /// Takes what it works with.
    public init(systemd: SystemdManager, ground: CgroupGround, monitor: ReadinessMonitor) {
        self.systemd = systemd
        self.ground = ground
        self.monitor = monitor
    }

    /// Whether everything in a scope or slice of ours is frozen, by its own freeze or that of what it lies in.
    /// - Returns: nil when that cannot be known. What is not there is not frozen.
    public func isFrozen(_ path: CgroupPath) -> Bool? {
        switch ground.look(path) {
        case .absent: return false
        case .unknown: return nil
        case .found(let cgroup):
            do throws(SystemCallFailure) { return try cgroup.events()?.isFrozen ?? false } catch { return nil }
        }
    }

    /// Whether a scope or slice is to be frozen, by itself or with what it lies in.
    ///
    /// So from the first moment of a freeze to its thaw, while ``isFrozen(_:)`` comes later, and goes for a moment whenever something in it
    /// is killed. What cannot be read counts for nothing.
    public func isToBeFrozen(_ path: CgroupPath) -> Bool {
        path.components.indices.contains { last in
            guard case .found(let cgroup) = ground.look(CgroupPath(components: Array(path.components[...last])))
            else { return false }
            do throws(SystemCallFailure) { return try cgroup.isFreezeWanted() } catch { return false }
        }
    }

    /// Whether something that a scope or slice lies in is to be frozen. See ``isToBeFrozen(_:)``.
    public func isHeldFromAbove(_ path: CgroupPath) -> Bool {
        isToBeFrozen(CgroupPath(components: Array(path.components.dropLast())))
    }

    /// The same, of one that is held open.
    private func isHeldFromAbove(_ cgroup: CgroupDirectory) -> Bool {
        ground.relative(cgroup.path).map { isHeldFromAbove($0) } ?? false
    }

    /// Freezes everything in a scope or slice.
    /// - Throws: ``ScopeFailure``: systemd refused, or cannot be reached. Then it is as it was.
    public func freeze(_ target: ScopeStop.Target, until deadline: Deadline) async throws(ScopeFailure) -> Freeze {
        let cgroup: CgroupDirectory
        switch ground.look(target.path) {
        case .found(let found): cgroup = found
        case .absent: return .empty
        case .unknown(let reason): return .failed(reason)
        }
        do throws(SystemCallFailure) {
            guard let events = try cgroup.events(), events.isPopulated else { return .empty }
            // Also by what it lies in: systemd would refuse it, and it is what was asked for.
            if events.isFrozen { return .alreadyFrozen }
        } catch {
            return .failed("\(error)")
        }
        do throws(ScopeFailure) {
            try await freezeUnit(target.unit, until: deadline)
        } catch {
            // It may be at it.
            _ = await thawUnit(target.unit, cgroup)
            if error.errorName == "org.freedesktop.systemd1.NoSuchUnit" { return .empty }
            if error.errorName == "org.freedesktop.systemd1.FreezeCancelled" {
                return .failed("\(target.unit) was thawed by somebody else before all in it had stopped")
            }
            if case .deadlinePassed = error { return .failed("\(error); it was thawed again") }
            throw error
        }
        do throws(SystemCallFailure) {
            let change = try await cgroup.wait(monitor, until: deadline) {
                $0.isFrozen || !$0.isPopulated || isThawed(cgroup)
            }
            switch change {
            case .reached(let events) where events.isFrozen && events.isPopulated: return .frozen
            case .reached(let events) where events.isPopulated:
                return .failed(
                    "\(target.unit) is not to be frozen: somebody thawed it before all in it had stopped, or systemd froze nothing"
                )
            case .reached, .gone: return .empty
            case .notReached:
                let thaw = await thawUnit(target.unit, cgroup)
                return .failed(
                    "\(target.unit) did not become frozen in time, as it is while a process in it is in uninterruptible sleep; it was thawed again\(thaw.map { " (\($0))" } ?? "")"
                )
            }
        } catch {
            return .failed("\(error)")
        }
    }

    /// Whether a cgroup is certainly not to be frozen by itself any more: the kernel announces nothing where it never was frozen.
    private func isThawed(_ cgroup: CgroupDirectory) -> Bool {
        do throws(SystemCallFailure) { return try !cgroup.isFreezeWanted() } catch { return false }
    }

    /// Thaws a scope or slice and all of our scopes and slices in it, also those that have a freeze of their own.
    ///
    /// From the outside to the inside: a scope in a frozen slice cannot be thawed. systemd before 257 forgets the freezes of what lies
    /// inside by itself; so it is the same with every version.
    public func thaw(_ target: ScopeStop.Target) async -> Thaw {
        let cgroup: CgroupDirectory
        switch ground.look(target.path) {
        case .found(let found): cgroup = found
        case .absent: return .notFrozen
        case .unknown(let reason): return .failed(reason)
        }
        var remarks: [String] = []
        do throws(SystemCallFailure) {
            guard try await thawAll(target.unit, cgroup, &remarks) > 0 else { return .notFrozen }
            if isHeldFromAbove(cgroup) { return .heldByAncestor }
            switch try await cgroup.wait(monitor, until: .after(.seconds(5)), { !$0.isFrozen }) {
            case .reached, .gone: return .thawed
            case .notReached: return .heldByAncestor
            }
        } catch {
            return .failed((["\(error)"] + remarks).joined(separator: "; "))
        }
    }

    /// Thaws a slice, and leaves scopes in it frozen.
    ///
    /// Also where not all in it has stopped yet. systemd before 257 freezes and thaws the scopes with their slice: those that are to stay are frozen anew, and may have run for
    /// a moment. Which these are, the kernel cannot say.
    public func release(_ slice: ScopeStop.Target, keeping scopes: Set<String>) async -> Thaw {
        let cgroup: CgroupDirectory
        switch ground.look(slice.path) {
        case .found(let found): cgroup = found
        case .absent: return .notFrozen
        case .unknown(let reason): return .failed(reason)
        }
        do throws(SystemCallFailure) {
            let isFrozen = try cgroup.events()?.isFrozen == true
            let isWanted = try cgroup.isFreezeWanted()
            guard isFrozen || isWanted else { return .notFrozen }
            var remark = await thawUnit(slice.unit, cgroup)
            for name in try cgroup.childNames() ?? [] where name.hasSuffix(".scope") {
                guard let child = try cgroup.child(CgroupPath(components: [name])) else { continue }
                if scopes.contains(name) {
                    remark = try await keepFrozen(name, child) ?? remark
                } else if try child.isFreezeWanted() {
                    remark = await thawUnit(name, child) ?? remark
                }
            }
            if try cgroup.isFreezeWanted() { return .failed(remark ?? "it is to be frozen still") }
            if isHeldFromAbove(cgroup) { return .heldByAncestor }
            // Where all is to stay, the slice goes on saying that it is frozen.
            let change = try await cgroup.wait(monitor, until: .after(.seconds(5))) { !$0.isFrozen || !scopes.isEmpty }
            if change == .notReached { return .heldByAncestor }
            return remark.map { .failed($0) } ?? .thawed
        } catch {
            return .failed("\(error)")
        }
    }

    /// - Returns: what went wrong.
    private func keepFrozen(_ unit: String, _ cgroup: CgroupDirectory) async throws(SystemCallFailure) -> String? {
        if try cgroup.isFreezeWanted() { return nil }
        _ = try await cgroup.wait(monitor, until: .after(.seconds(2))) { !$0.isFrozen }
        do throws(ScopeFailure) {
            try await freezeUnit(unit, until: .after(.seconds(2)))
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// systemd takes no freeze before it has seen the end of a thaw. The kernel tells that up to 10 ms late, where it has told another change
    /// just before (v6.1 kernel/cgroup/cgroup.c, CGROUP_FILE_NOTIFY_MIN_INTV); each question lets systemd look.
    private func freezeUnit(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) {
        let patience = min(deadline, .after(.seconds(2)))
        while true {
            do throws(ScopeFailure) {
                return try await systemd.freezeUnit(unit, until: deadline)
            } catch {
                guard !patience.hasPassed, "\(error)".contains("still in progress") else { throw error }
            }
            _ = try await systemd.version(until: deadline)
        }
    }

    /// Thaws, from the outside to the inside.
    /// - Parameter remarks: What systemd had against it; the kernel was told all the same.
    /// - Returns: how many were frozen.
    func thawAll(
        _ unit: String, _ cgroup: CgroupDirectory, _ remarks: inout [String]
    ) async throws(SystemCallFailure) -> Int {
        var count = 0
        let isFrozen = try cgroup.events()?.isFrozen == true
        let isWanted = try cgroup.isFreezeWanted()
        if isFrozen || isWanted {
            count += 1
            if let remark = await thawUnit(unit, cgroup) { remarks.append(remark) }
        }
        var pending = [cgroup]
        while let parent = pending.popLast() {
            for name in try parent.childNames() ?? [] where name.hasSuffix(".scope") || name.hasSuffix(".slice") {
                guard let child = try parent.child(CgroupPath(components: [name])) else { continue }
                // Not whether it is frozen: for a moment it is still so by what was thawed above it.
                if try child.isFreezeWanted() {
                    count += 1
                    if let remark = await thawUnit(name, child) { remarks.append(remark) }
                }
                if name.hasSuffix(".slice") { pending.append(child) }
            }
        }
        return count
    }

    /// - Returns: what went wrong.
    private func thawUnit(_ unit: String, _ cgroup: CgroupDirectory) async -> String? {
        var remark: String?
        if !isHeldFromAbove(cgroup) {
            do throws(ScopeFailure) {
                try await systemd.thawUnit(unit, until: .after(.seconds(2)))
            } catch {
                remark = "\(error)"
            }
        }
        do throws(SystemCallFailure) {
            // (I6) Also when systemd said that it did: it may take this for running because somebody else froze it.
            try cgroup.thaw()
            return remark
        } catch {
            return "\(error)"
        }
    }
}
