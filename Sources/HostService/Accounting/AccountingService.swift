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
    func stats(_ options: StatsOptions) async throws -> StatsDocument {
        var id: WorkspaceID?
        var rows: [WorkspaceRow]
        if let workspace = options.workspace {
            guard let parsed = WorkspaceID(workspace), let row = try await context.index.workspace(parsed) else {
                throw HostFailure.workspaceNotFound("read the figures of \(workspace): there is no such workspace")
            }
            (id, rows) = (parsed, [row])
        } else {
            rows = try await context.index.workspaces()
        }
        let asked = Asked(
            workspaces: rows, sessions: try await sessions(of: id, options),
            counts: try await context.index.sessionCounts(),
            idle: await registry.idleTimes(), isBrief: options.brief)
        let document = await context.executor.run(until: .after(HostContext.diskPatience)) { Self.read(asked, context) }
        guard let document else {
            throw HostFailure.groundUnreadable(
                "read the figures: the kernel did not answer in \(HostContext.diskPatience)")
        }
        return document
    }

    /// What is known before the kernel is asked.
    private struct Asked {
        let workspaces: [WorkspaceRow]
        let sessions: [SessionRow]
        let counts: SessionCounts
        let idle: [SessionID: Duration]
        let isBrief: Bool
    }

    private func sessions(of id: WorkspaceID?, _ options: StatsOptions) async throws -> [SessionRow] {
        guard let wanted = options.sessionsOf else {
            return try await context.index.sessions(workspace: id, includeEnded: false)
        }
        var rows: [SessionRow] = []
        for workspace in Set(wanted.compactMap { WorkspaceID($0) }) where id == nil || id == workspace {
            rows += try await context.index.sessions(workspace: workspace, includeEnded: false)
        }
        return rows
    }

    private static func read(_ asked: Asked, _ context: HostContext) -> StatsDocument {
        var reader = FigureReader(
            ground: context.ground, manager: context.configuration.manager, isBrief: asked.isBrief)
        let byWorkspace = Dictionary(grouping: asked.sessions, by: \.workspaceID)
        let workspaces = asked.workspaces.map { row in
            StatsDocument.Workspace(
                id: row.id.rawValue, name: row.name, state: .init(rawValue: row.state.rawValue) ?? .failed,
                figures: reader.figures(at: SliceName.workspace(context.instance, row.id).path),
                sessionCount: asked.counts.unended[row.id] ?? 0,
                sessions: (byWorkspace[row.id] ?? []).map { session in
                    StatsDocument.Session(
                        id: session.id.rawValue, title: session.title,
                        status: .init(rawValue: session.status.rawValue) ?? .starting,
                        idleSeconds: asked.idle[session.id].map { Int($0.components.seconds) },
                        figures: ScopeName(unit: session.unit).map { reader.figures(at: $0.path) }
                            ?? FiguresDocument(reason: "\(session.unit) is not a scope's name"))
                })
        }
        let instance = reader.figures(at: SliceName.instance(context.instance).path)
        return StatsDocument(
            at: Timestamp(.now), instance: context.instance.rawValue, figures: instance, workspaces: workspaces,
            unavailable: reader.unavailable)
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
                    DiskUsage.count(row.path, until: deadline) { isWanted.withLock { $0 } }
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
