import CgroupPty
import FoundationEssentials
import Logging
import SessionIndex

/// Freezes workspaces that nobody uses, where they ask for it.
///
/// Nobody uses a workspace when, for as long as it says, nobody was attached to a session of it, none had output or got input, and all
/// that runs in its slice took less than ``busyShare`` of a processor. It goes on when somebody attaches, sends input, or starts a session in it.
/// The time is counted from what this host has seen, so a restart begins it anew.
actor IdleFreezer {
    /// Of one processor, from one look to the next. A shell with a clock in its prompt and an editor that blinks take a tenth of it.
    static let busyShare = 0.01
    /// The longest time between two looks; a quarter of the shortest idle time that somebody asked for, when that is less.
    private static let longestPause = Duration.seconds(30)
    private static let shortestPause = Duration.milliseconds(250)

    /// What is known of a workspace from the last look.
    private struct Seen {
        var usage: Duration?
        var at: SuspendingClock.Instant
        /// When it was in use last, as far as its processor time tells.
        var busyAt: SuspendingClock.Instant
    }

    private let context: HostContext
    private let registry: SessionRegistry
    private let freezes: FreezeService
    private var seen: [WorkspaceID: Seen] = [:]
    private let bell = Bell()
    private var cpuStat = CgroupFileReader(capacity: 4096)

    /// One that has seen nothing.
    init(context: HostContext, registry: SessionRegistry, freezes: FreezeService) {
        self.context = context
        self.registry = registry
        self.freezes = freezes
    }

    /// Looks until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let pause = await look()
            _ = await bell.wait(until: .after(pause))
        }
    }

    /// A workspace's idle time was set: the next look comes now.
    nonisolated func settingChanged() { bell.ring() }

    /// - Returns: when to look again.
    private func look() async -> Duration {
        var shortest = Self.longestPause
        do {
            var watched: Set<WorkspaceID> = []
            for row in try await context.index.workspaces() where row.state == .active {
                guard let limit = context.freezeIdle(of: row) else { continue }
                watched.insert(row.id)
                shortest = min(shortest, limit / 4)
                if try await quietTime(of: row) >= limit { try await freeze(row, limit) }
            }
            seen = seen.filter { watched.contains($0.key) }
            // While no workspace asks for it, only a setting that changes is waited for.
            if watched.isEmpty { return .seconds(3600) }
        } catch {
            context.logger.error("Idle workspaces could not be looked for: \(error)")
        }
        return max(Self.shortestPause, shortest)
    }

    private func freeze(_ row: WorkspaceRow, _ limit: Duration) async throws {
        do {
            let judged = SuspendingClock.now
            // Asked anew once nothing is created any more: what was created meanwhile is in use.
            try await freezes.freeze(row, because: .idle) { try await self.quietTime(of: row) >= limit }
            // Whoever came or typed a moment ago saw it run.
            for session in try await context.index.sessions(workspace: row.id, includeEnded: false) {
                guard let feed = await registry.session(session.id)?.feed else { continue }
                guard feed.clientCount > 0 || feed.usedAt > judged else { continue }
                try await freezes.wake(row, because: "attached")
                break
            }
        } catch let failure as HostFailure {
            // It is tried again after as long a time.
            seen[row.id] = nil
            context.logger.warning("\(failure)", metadata: .workspace(row.id, context.instance))
        }
    }

    /// For how long nobody has used a workspace. Zero when somebody does, when nothing runs in it, or when it is frozen.
    private func quietTime(of row: WorkspaceRow) async throws -> Duration {
        let now = SuspendingClock.now
        guard case .found(let slice) = context.ground.look(SliceName.workspace(context.instance, row.id).path),
            let events = try slice.events(), events.isPopulated, !events.isFrozen
        else {
            seen[row.id] = nil
            return .zero
        }
        // There without the cpu controller too.
        let usage =
            cpuStat.read("cpu.stat", of: slice) == .read
            ? cpuStat.number("usage_usec").map { Duration.microseconds($0) } : nil
        var known = seen[row.id] ?? Seen(usage: nil, at: now, busyAt: now)
        let elapsed = now - known.at
        if let before = known.usage, let usage {
            if usage - before > elapsed * Self.busyShare { known.busyAt = now }
        } else {
            known.busyAt = now
        }
        (known.usage, known.at) = (usage, now)
        seen[row.id] = known
        var usedAt = known.busyAt
        for session in try await context.index.sessions(workspace: row.id, includeEnded: false) {
            guard let feed = await registry.session(session.id)?.feed else { continue }
            if feed.clientCount > 0 { return .zero }
            usedAt = max(usedAt, feed.usedAt)
        }
        return now - usedAt
    }
}

extension HostContext {
    /// After how long of no use a workspace is frozen; nil for never.
    func freezeIdle(of row: WorkspaceRow) -> Duration? {
        guard let seconds = row.freezeIdle else { return configuration.freezeIdle }
        return seconds == 0 ? nil : .seconds(seconds)
    }
}
