import CgroupPty
import Logging
import SessionIndex

/// Watches, for all sessions of the host, what the kernel counts where a limit is hit: processes that it ended for want of memory, and forks
/// that it refused.
///
/// It is told by inotify as it happens, since a cgroup is removed within milliseconds of its last process, and what it had counted
/// with it.
final class LimitWatch: Sendable {
    /// What was seen of one cgroup.
    private struct Seen {
        var outOfMemory: UInt64 = 0
        var lastOutOfMemory: Deadline?
        var refused: UInt64 = 0
        var lastTold: Deadline?
        /// Sessions that watch it.
        var watchers = 0
    }

    /// From one event of refused forks to the next of the same unit. A fork bomb is refused some ten thousand times a second.
    private static let pause = Duration.seconds(10)
    /// Between the kill of a process for want of memory and the exit of a leader that was it. Its memory is given back first, which for
    /// large processes takes seconds.
    private static let patience = Duration.seconds(10)

    private let context: HostContext
    private let files: CgroupFileWatch?
    private let seen = Locked<[String: Seen]>([:])

    /// Begins to listen. Where the user has no inotify instance left, only the look at a session's end remains.
    init(context: HostContext) {
        self.context = context
        do throws(SystemCallFailure) {
            let files = try CgroupFileWatch(monitor: context.monitor)
            self.files = files
            Task.detached {
                do throws(SystemCallFailure) {
                    try await files.run()
                } catch {
                    context.logger.error("Limits that are hit are no longer watched: \(error)")
                }
            }
        } catch {
            files = nil
            context.logger.warning("Limits that are hit are not watched: \(error)")
        }
    }

    /// Watches a session for as long as the body runs.
    func during<Value: Sendable>(_ row: SessionRow, _ body: () async -> Value) async -> Value {
        guard let scope = ScopeName(unit: row.unit) else { return await body() }
        let keys = begin(row, scope)
        let value = await body()
        for key in keys { files?.end(key) }
        seen.withLock { seen in
            seen[scope.unit] = nil
            seen[scope.slice.unit]?.watchers -= 1
            if seen[scope.slice.unit]?.watchers == 0 { seen[scope.slice.unit] = nil }
        }
        return value
    }

    /// Whether a leader that has just been ended by SIGKILL was ended for want of memory.
    ///
    /// The kernel counts whom it ended and does not say who it was. So this is true where it ended somebody in the scope right before.
    func wasOutOfMemory(_ row: SessionRow) -> Bool {
        guard let scope = ScopeName(unit: row.unit) else { return false }
        look(at: scope, row)
        guard let last = seen.withLock({ $0[scope.unit]?.lastOutOfMemory }) else { return false }
        return last.millisecondsAgo <= Int(Self.patience.components.seconds) * 1000
    }

    private func begin(_ row: SessionRow, _ scope: ScopeName) -> [CgroupFileWatch.Key] {
        seen.withLock { seen in
            seen[scope.unit] = Seen()
            seen[scope.slice.unit, default: Seen()].watchers += 1
        }
        // What a session of an earlier host has counted by now is no news.
        let isNew = row.status == .starting
        if !isNew { baseline(scope) }
        var keys: [CgroupFileWatch.Key] = []
        do throws(SystemCallFailure) {
            if case .found(let cgroup) = context.ground.look(scope.path) {
                for file in ["memory.events", "pids.events"] {
                    let key = try files?.begin(file, of: cgroup) { [weak self] in self?.look(at: scope, row) }
                    if let key { keys.append(key) }
                }
            }
            // From Linux 6.11 on a refused fork counts where the limit is: at the workspace's slice when it is the workspace's. What
            // counts there alone, and not below it too, has a file of its own.
            if case .found(let slice) = context.ground.look(scope.slice.path) {
                for file in ["pids.events.local", "pids.events"] {
                    guard
                        let key = try files?.begin(
                            file, of: slice, onChange: { [weak self] in self?.look(at: scope.slice, row) })
                    else { continue }
                    keys.append(key)
                    break
                }
            }
        } catch {
            context.logger.warning(
                "Limits that session \(row.id) hits are not watched: \(error)",
                metadata: .session(row, outcome: "unknown", context.instance))
        }
        // It may have happened before the watch was there.
        if isNew { look(at: scope, row) }
        return keys
    }

    private func baseline(_ scope: ScopeName) {
        for (unit, counts) in [
            (scope.unit, counts(scope.path)), (scope.slice.unit, counts(scope.slice.path, isLocal: true)),
        ] {
            seen.withLock { seen in
                if let count = counts.outOfMemory { seen[unit]?.outOfMemory = count }
                if let count = counts.refused { seen[unit]?.refused = count }
            }
        }
    }

    private func look(at scope: ScopeName, _ row: SessionRow) {
        let counts = counts(scope.path)
        if let count = counts.outOfMemory {
            let isNews = seen.withLock { seen in
                guard let before = seen[scope.unit]?.outOfMemory, count > before else { return false }
                seen[scope.unit]?.outOfMemory = count
                seen[scope.unit]?.lastOutOfMemory = .now
                return true
            }
            if isNews { context.tell(.outOfMemory(row, count: count)) }
        }
        if let count = counts.refused, isNews(count, at: scope.unit) {
            context.tell(.tasksRefused(row, unit: scope.unit, count: count))
        }
    }

    private func look(at slice: SliceName, _ row: SessionRow) {
        guard let count = counts(slice.path, isLocal: true).refused, isNews(count, at: slice.unit) else { return }
        context.tell(.tasksRefused(row, unit: slice.unit, count: count))
    }

    private func isNews(_ count: UInt64, at unit: String) -> Bool {
        seen.withLock { seen in
            guard let before = seen[unit], count > before.refused else { return false }
            if let last = before.lastTold, last.millisecondsAgo < Int(Self.pause.components.seconds) * 1000 {
                return false
            }
            seen[unit]?.refused = count
            seen[unit]?.lastTold = .now
            return true
        }
    }

    /// - Parameter isLocal: Only forks that this cgroup's own limit refused, where the kernel tells them apart.
    private func counts(_ path: CgroupPath, isLocal: Bool = false) -> (outOfMemory: UInt64?, refused: UInt64?) {
        guard case .found(let cgroup) = context.ground.look(path) else { return (nil, nil) }
        var file = CgroupFileReader(capacity: 1 << 10)
        let outOfMemory = file.read("memory.events", of: cgroup) == .read ? file.number("oom_kill") : nil
        if isLocal, file.read("pids.events.local", of: cgroup) == .read { return (outOfMemory, file.number("max")) }
        return (outOfMemory, file.read("pids.events", of: cgroup) == .read ? file.number("max") : nil)
    }
}
