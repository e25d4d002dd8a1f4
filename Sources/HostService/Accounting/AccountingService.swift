import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import SessionIndex

/// What sessions, workspaces and the instance have used, read from the kernel when somebody asks.
///
/// Nothing is kept between two questions and nothing is sampled in the background: the kernel counts, and whoever wants a rate asks twice.
struct AccountingService: Sendable {
    let context: HostContext
    let registry: SessionRegistry
    private let disks = Turns()

    /// Makes the service.
    init(context: HostContext, registry: SessionRegistry) {
        self.context = context
        self.registry = registry
    }

    /// Figures of one workspace or of all, with the sessions that have not ended.
    func stats(workspace: String?) async throws -> StatsDocument {
        try await usage(try await lookUp(workspace, sessionsOf: nil, "read the figures")) { $0.figures(at: $1) }
    }

    /// The few figures that a look every second shows, of one workspace or of all.
    /// - Parameter sessionsOf: with the sessions of these workspaces only; nil for those of all.
    func load(workspace: String?, sessionsOf: [String]?) async throws -> LoadDocument {
        try await usage(try await lookUp(workspace, sessionsOf: sessionsOf, "read the load")) { $0.load(at: $1) }
    }

    /// Reads the figures of all that is known, from the sessions up: what was counted of them is not counted again.
    private func usage<Figures: UsageFigures>(
        _ known: Known, _ read: @escaping Read<Figures>
    ) async throws -> UsageDocument<Figures> {
        let halves = await context.executor.runInHalves(
            of: known.workspaces, until: .after(HostContext.diskPatience)
        ) { usage($0, known, read) }
        guard let ((workspaces, reader), (others, other)) = halves,
            let (figures, unavailable) = await context.executor.run(
                until: .after(HostContext.diskPatience),
                {
                    var reader = reader
                    reader.add(other)
                    return (read(&reader, SliceName.instance(context.instance).path), reader.unavailable)
                })
        else {
            throw HostFailure.groundUnreadable(
                "read the figures: the kernel did not answer in \(HostContext.diskPatience)")
        }
        return UsageDocument(
            at: Timestamp(.now), instance: context.instance.rawValue, figures: figures, workspaces: workspaces + others,
            unavailable: unavailable)
    }

    private typealias Read<Figures> = @Sendable (inout FigureReader, CgroupPath) -> Figures

    /// Reads the figures of some workspaces.
    private func usage<Figures: UsageFigures>(
        _ rows: ArraySlice<WorkspaceRow>, _ known: Known, _ read: Read<Figures>
    ) -> ([UsageDocument<Figures>.Workspace], FigureReader) {
        var reader = FigureReader(ground: context.ground, manager: context.configuration.manager)
        let workspaces = rows.map { row in
            let sessions = (known.sessions[row.id] ?? []).map { session in
                UsageDocument<Figures>.Session(
                    id: session.id.rawValue, title: session.title,
                    status: .init(rawValue: session.status.rawValue) ?? .starting,
                    idleSeconds: known.idleSeconds(session.id),
                    figures: ScopeName(unit: session.unit).map { read(&reader, $0.path) }
                        ?? Figures(reason: "\(session.unit) is not a scope's name"))
            }
            return UsageDocument<Figures>.Workspace(
                id: row.id.rawValue, name: row.name, state: .init(rawValue: row.state.rawValue) ?? .failed,
                figures: read(&reader, SliceName.workspace(context.instance, row.id).path),
                sessionCount: known.counts.unended[row.id] ?? 0, sessions: sessions)
        }
        return (workspaces, reader)
    }

    /// What is known before the kernel is asked.
    private struct Known: Sendable {
        let workspaces: [WorkspaceRow]
        let sessions: [WorkspaceID?: [SessionRow]]
        let counts: SessionCounts
        let idle: [SessionID: Duration]

        func idleSeconds(_ id: SessionID) -> Int? { idle[id].map { Int($0.components.seconds) } }
    }

    private func lookUp(_ workspace: String?, sessionsOf: [String]?, _ attempt: String) async throws -> Known {
        var id: WorkspaceID?
        var rows: [WorkspaceRow]
        if let workspace {
            guard let parsed = WorkspaceID(workspace), let row = try await context.index.workspace(parsed) else {
                throw HostFailure.workspaceNotFound("\(attempt) of \(workspace): there is no such workspace")
            }
            (id, rows) = (parsed, [row])
        } else {
            rows = try await context.index.workspaces()
        }
        let sessions = try await sessions(of: id, only: sessionsOf)
        return Known(
            workspaces: rows, sessions: Dictionary(grouping: sessions, by: \.workspaceID),
            counts: try await context.index.sessionCounts(),
            idle: sessions.isEmpty ? [:] : await registry.idleTimes())
    }

    private func sessions(of id: WorkspaceID?, only wanted: [String]?) async throws -> [SessionRow] {
        guard let wanted else { return try await context.index.sessions(workspace: id, includeEnded: false) }
        var rows: [SessionRow] = []
        for workspace in Set(wanted.compactMap { WorkspaceID($0) }) where id == nil || id == workspace {
            rows += try await context.index.sessions(workspace: workspace, includeEnded: false)
        }
        return rows
    }

    /// How much of the disk a workspace's directory takes, as far as that can be counted in time. Ends with the caller's task.
    ///
    /// One count at a time: several would only be slower together.
    func disk(of id: String, within limit: Duration) async throws -> DiskDocument {
        guard let parsed = WorkspaceID(id), let row = try await context.index.workspace(parsed) else {
            throw HostFailure.workspaceNotFound("count the files of workspace \(id): there is no such workspace")
        }
        let deadline = Deadline.after(limit)
        let began = Deadline.now
        let isWanted = Locked(true)
        let usage = try await disks.run("", until: deadline) { () -> DiskUsage? in
            await withTaskCancellationHandler {
                // A disk that does not answer is not waited for: the count goes on in its own thread and ends at its next answer.
                await context.executor.run(until: .after(deadline.remaining + .seconds(1))) {
                    DiskUsage.count(row.path, identity: row.worktreeIdentity, until: deadline) {
                        isWanted.withLock { $0 }
                    }
                }
            } onCancel: {
                isWanted.withLock { $0 = false }
            }
        }
        let reason =
            switch usage {
            case nil: "other counts were under way all the time"
            case .some(nil): "the disk did not answer in time"
            case .some(let usage?): usage.reason
            }
        let counted = (usage ?? nil) ?? DiskUsage()
        return DiskDocument(
            workspace: row.id.rawValue, path: row.path, bytes: counted.bytes, entries: counted.entries,
            complete: reason == nil, reason: reason, durationMs: began.millisecondsAgo)
    }
}
