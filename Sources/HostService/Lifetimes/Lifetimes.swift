import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import Logging
import SessionIndex

/// Ends what has lived as long as it was to: sessions by their runtime or their idleness, workspaces by their expiry.
///
/// What is due was warned of before, unless it became due while no host was there: then it is ended at the next start. A session is killed
/// as by a person, also what its leader left behind. A workspace is deleted by the same saga, with a receipt, and never with force: where work would be lost it is
/// kept, told, and tried again. A runtime counts from the start of the leader, in time that goes on while the machine sleeps and
/// that nobody sets; an expiry is a moment of the calendar.
actor Lifetimes {
    /// A workspace's warning comes so long before. A person can come back from lunch.
    static let workspaceWarning: TimeInterval = 3600
    /// A session's warning comes so long before, or at nine tenths of its time, whichever is later.
    static let sessionWarning = Duration.seconds(300)
    /// From a delete that was refused to the next try.
    static let retry = Duration.seconds(3600)
    /// From an end that was not confirmed to the next try; a full disk makes it fail at once.
    static let sessionRetry = Duration.seconds(60)
    /// The longest time between two looks: the calendar may be set, and rows come by other ways than this process's.
    private static let longestPause = Duration.seconds(60)
    private static let shortestPause = Duration.milliseconds(100)

    /// What is to be done now.
    private enum Due: Sendable {
        case kill(SessionRow, SessionRow.EndReason)
        case delete(WorkspaceRow)
    }

    private let context: HostContext
    private let registry: SessionRegistry
    private let ender: SessionEnder
    private let destroys: DestroyService
    private let freezes: FreezeService
    /// Rings when the next look is to come now.
    private let bell: Bell
    private var warnedSessions: Set<SessionID> = []
    /// By the moment that was warned of: another one is warned of anew.
    private var warnedWorkspaces: [WorkspaceID: Date] = [:]
    private var ending: Set<SessionID> = []
    /// When a session was frozen by somebody, or attached to, at a look.
    private var heldAt: [SessionID: SuspendingClock.Instant] = [:]
    /// When an end that could not be confirmed is tried again.
    private var sessionRetries: [SessionID: Deadline] = [:]
    private var deleting: Set<WorkspaceID> = []
    /// When a delete that was refused is tried again; by the moment of the expiry, since another one begins anew.
    private var retries: [WorkspaceID: (expiry: Date, at: Deadline)] = [:]

    /// One that has warned of nothing.
    /// - Parameter lifetimeSet: Rings when something was given a time.
    init(
        context: HostContext, registry: SessionRegistry, ender: SessionEnder, destroys: DestroyService,
        freezes: FreezeService, lifetimeSet: Bell
    ) {
        self.freezes = freezes
        bell = lifetimeSet
        self.context = context
        self.registry = registry
        self.ender = ender
        self.destroys = destroys
    }

    /// Ends what is due until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (due, next) = await look()
                for thing in due { group.addTask { await self.end(thing) } }
                _ = await bell.wait(until: next)
            }
        }
    }

    // MARK: Looking

    private func look() async -> ([Due], next: Deadline) {
        var due: [Due] = []
        var next = Deadline.after(Self.longestPause)
        do {
            let rows = try await context.index.limitedSessions()
            for row in rows where row.disposeRequestedAt == nil && !ending.contains(row.id) {
                // Of what its leader left behind the host knows whether anything is there still.
                if row.status.isEnded, await registry.session(row.id) == nil { continue }
                if let retry = sessionRetries[row.id], !retry.hasPassed {
                    next = min(next, retry)
                    continue
                }
                if let reason = await look(at: row, &next) {
                    ending.insert(row.id)
                    due.append(.kill(row, reason))
                }
            }
            let there = Set(rows.map(\.id))
            warnedSessions.formIntersection(there)
            heldAt = heldAt.filter { there.contains($0.key) }
            sessionRetries = sessionRetries.filter { there.contains($0.key) }
            let workspaces = try await context.index.workspaces()
            for row in workspaces where row.state != .deleting && row.state != .creating && !deleting.contains(row.id) {
                if look(at: row, &next) {
                    deleting.insert(row.id)
                    due.append(.delete(row))
                }
            }
            let known = Set(workspaces.map(\.id))
            warnedWorkspaces = warnedWorkspaces.filter { known.contains($0.key) }
            retries = retries.filter { known.contains($0.key) }
        } catch {
            context.logger.error("What has lived its time could not be looked for: \(error)")
        }
        return (due, max(next, .after(Self.shortestPause)))
    }

    /// - Returns: why the session is to be ended now; nil when it is not.
    private func look(at row: SessionRow, _ next: inout Deadline) async -> SessionRow.EndReason? {
        if let seconds = row.maxRuntime, row.bootID == context.bootID, let leader = row.leader {
            let lifetime = Duration.seconds(seconds)
            let end = leader.started.advanced(by: lifetime)
            if end.hasPassed { return .maxRuntime }
            let lead = min(Self.sessionWarning, lifetime / 10)
            if end.remaining <= lead {
                if warnedSessions.insert(row.id).inserted { context.tell(.sessionExpiring(row, in: end.remaining)) }
                next = min(next, end)
            } else {
                next = min(next, .after(end.remaining - lead))
            }
        }
        if let seconds = row.idleTimeout, let live = await registry.session(row.id), let feed = live.feed {
            // Somebody stopped it: that it does nothing is no sign that nobody wants it.
            if freezes.isHeld(row) || feed.clientCount > 0 { heldAt[row.id] = .now }
            let usedAt = max(feed.usedAt, heldAt[row.id] ?? feed.usedAt)
            let left = Duration.seconds(seconds) - (SuspendingClock.now - usedAt)
            if left <= .zero { return .idleTimeout }
            next = min(next, .after(left))
        }
        return nil
    }

    /// - Returns: whether the workspace is to be deleted now.
    private func look(at row: WorkspaceRow, _ next: inout Deadline) -> Bool {
        guard let moment = row.expiresAt else { return false }
        let left = moment.timeIntervalSinceNow
        if left <= Self.workspaceWarning, left > 0, warnedWorkspaces.updateValue(moment, forKey: row.id) != moment {
            context.tell(.workspaceExpiring(row, at: moment))
        }
        if left > 0 {
            let untilNext = left > Self.workspaceWarning ? left - Self.workspaceWarning : left
            next = min(next, .after(.seconds(untilNext)))
            return false
        }
        guard let retry = retries[row.id], retry.expiry == moment, !retry.at.hasPassed else { return true }
        next = min(next, retry.at)
        return false
    }

    // MARK: Ending

    private func end(_ due: Due) async {
        switch due {
        case .kill(let row, let reason):
            // What is not confirmed is stamped, and the reaper's.
            let end = await ender.kill(row, reason: reason, force: false)
            ending.remove(row.id)
            if end.outcome != .confirmed {
                sessionRetries[row.id] = .after(Self.sessionRetry)
                context.logger.error(
                    "Session \(row.id) has lived its time and did not end: \(end.detail ?? end.outcome.rawValue)",
                    metadata: .session(row, outcome: end.outcome.rawValue, context.instance))
                return
            }
        case .delete(let row):
            await delete(row)
            deleting.remove(row.id)
        }
        bell.ring()
    }

    private func delete(_ row: WorkspaceRow) async {
        var expiry = row.expiresAt ?? .now
        do {
            // It may have been given more time since it was read.
            guard let now = try await context.index.workspace(row.id), let moment = now.expiresAt,
                moment.timeIntervalSinceNow <= 0
            else { return }
            expiry = moment
            let receipt = try await destroys.delete(row.id.rawValue, DeleteWorkspaceOptions(), because: .expired)
            if receipt.state == .kept { deferDelete(row, expiry, receipt.detail ?? "its delete was given up") }
        } catch {
            // Not kept, but left to the next host; or given more time.
            if Task.isCancelled { return }
            if await hasMoreTime(row) { return }
            deferDelete(row, expiry, "\(error)")
        }
    }

    private func hasMoreTime(_ row: WorkspaceRow) async -> Bool {
        do {
            guard let now = try await context.index.workspace(row.id) else { return true }
            return now.expiresAt.map { $0 > .now } ?? true
        } catch {
            return false
        }
    }

    private func deferDelete(_ row: WorkspaceRow, _ expiry: Date, _ why: String) {
        retries[row.id] = (expiry, .after(Self.retry))
        context.tell(.expiryDeferred(row, why, until: Date.now.addingTimeInterval(Self.retry / .seconds(1))))
    }
}

extension ProcessIdentity {
    /// When the process started.
    fileprivate var started: Deadline {
        let nanoseconds = 1_000_000_000 / UInt64(max(1, sysconf(CInt(_SC_CLK_TCK))))
        return Deadline(bootNanoseconds: startTicks * nanoseconds)
    }
}

extension Deadline {
    /// A moment so long after this one.
    fileprivate func advanced(by duration: Duration) -> Deadline {
        let (seconds, attoseconds) = duration.components
        return Deadline(
            bootNanoseconds: bootNanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
    }
}
