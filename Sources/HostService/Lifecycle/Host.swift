import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import Logging
import SessionIndex

/// The host as the HTTP interface sees it: each verb goes to the service that knows it.
struct Host: HostOperations {
    let context: HostContext
    let registry: SessionRegistry
    let sessionService: SessionService
    let workspaceService: WorkspaceService
    let destroyService: DestroyService
    let freezeService: FreezeService
    let reaperService: ReaperService
    let accountingService: AccountingService
    let portService: PortService
    let startedAt: Timestamp

    func status() async throws -> StatusDocument {
        let rows = try await context.index.workspaces()
        let counts = try await context.index.sessionCounts()
        var version: String?
        do throws(ScopeFailure) {
            version = try await context.systemd.version(until: .after(.seconds(2)))
        } catch {
            context.logger.debug("ask systemd for its version: \(error)")
        }
        let frozen = rows.count { row in
            context.freezer.isFrozen(SliceName.workspace(context.instance, row.id).path) == true
        }
        return StatusDocument(
            instance: context.instance.rawValue, version: HostVersion.current, pid: Int(getpid()),
            manager: context.configuration.manager == .user ? .user : .system, systemdVersion: version,
            systemdReachable: version != nil, slice: SliceName.instance(context.instance).unit,
            stateDirectory: context.configuration.stateDirectory, socket: context.configuration.socketPath,
            bootId: context.bootID, startedAt: startedAt, workspaces: rows.count { $0.state != .deleting },
            sessions: SessionRow.Status.allCases.filter { !$0.isEnded }.reduce(0) { $0 + (counts.byStatus[$1] ?? 0) },
            frozenWorkspaces: frozen, keepsTerminals: context.store.isAvailable,
            trash: try await workspaceService.trash.progress(),
            reaper: reaperService.document())
    }

    func trustRepository(_ request: TrustRequest) async throws -> TrustDocument {
        try await workspaceService.trust(request)
    }

    func createWorkspace(_ request: CreateWorkspaceRequest) async throws -> Creation<WorkspaceDocument> {
        try await workspaceService.create(request)
    }

    func workspaces(all: Bool) async throws -> [WorkspaceDocument] { try await workspaceService.list(all: all) }

    func workspace(_ id: String) async throws -> WorkspaceDocument { try await workspaceService.show(id) }

    func freezeWorkspace(_ id: String) async throws -> WorkspaceDocument {
        try await freezeService.freeze(workspaceService.row(id, "freeze workspace"))
        return try await workspaceService.show(id)
    }

    func thawWorkspace(_ id: String) async throws -> WorkspaceDocument {
        try await freezeService.thaw(workspaceService.row(id, "thaw workspace"))
        return try await workspaceService.show(id)
    }

    func freezeSession(_ id: String) async throws -> SessionDocument {
        try await freezeService.freeze(sessionService.row(id, "freeze session"))
        return try await sessionService.show(id)
    }

    func thawSession(_ id: String) async throws -> SessionDocument {
        try await freezeService.thaw(sessionService.row(id, "thaw session"))
        return try await sessionService.show(id)
    }

    func deleteWorkspace(_ id: String, _ options: DeleteWorkspaceOptions) async throws -> ReceiptDocument {
        try await destroyService.delete(id, options)
    }

    func createSession(
        in workspace: String, _ request: CreateSessionRequest
    ) async throws -> Creation<SessionDocument> {
        guard let id = WorkspaceID(workspace) else {
            throw HostFailure.workspaceNotFound("start a session in \(workspace): there is no such workspace")
        }
        return try await sessionService.create(in: id, request)
    }

    func changeWorkspace(_ id: String, _ request: ChangeRequest) async throws -> WorkspaceDocument {
        try await workspaceService.change(id, request)
    }

    func changeSession(_ id: String, _ request: ChangeRequest) async throws -> SessionDocument {
        try await sessionService.change(id, request)
    }

    func sessions(workspace: String?) async throws -> [SessionDocument] {
        try await sessionService.list(workspace: workspace)
    }

    func session(_ id: String) async throws -> SessionDocument { try await sessionService.show(id) }

    func killSession(_ id: String, force: Bool) async throws -> SessionEndDocument {
        try await sessionService.kill(id, force: force)
    }

    func sendInput(_ input: TerminalInput, to id: String) async throws { try await sessionService.send(input, to: id) }

    func resizeSession(_ id: String, to size: TerminalSize) async throws {
        try await sessionService.resize(id, to: size)
    }

    func output(of id: String, from: UInt64?) async throws -> OutputSlice {
        try await sessionService.output(id, from: from)
    }

    func wait(for request: WaitRequest, in id: String) async throws -> WaitDocument {
        try await sessionService.wait(id, request)
    }

    func screen(of id: String, historyLines: Int, withCells: Bool) async throws -> ScreenDocument {
        try await sessionService.screen(id, historyLines: historyLines, withCells: withCells)
    }

    func attach(to id: String, from: UInt64?, epoch: String?, window: ClientWindow?) async throws -> any Attachment {
        try await sessionService.attach(id, from: from, epoch: epoch, window: window)
    }

    func ports(workspace: String?) async throws -> PortListDocument {
        try await portService.list(workspace: workspace)
    }

    func closePort(_ selection: PortSelection) async throws -> PortEndDocument {
        try await portService.end(selection)
    }

    func receipts(workspace: String?) async throws -> [ReceiptDocument] {
        var id: WorkspaceID?
        if let workspace {
            guard let parsed = WorkspaceID(workspace) else {
                throw HostFailure.workspaceNotFound("list the receipts of \(workspace): no workspace can have that id")
            }
            id = parsed
        }
        return try await context.index.receipts(workspace: id, limit: 1000).map { try Self.decode($0) }
    }

    func receipt(_ id: String) async throws -> ReceiptDocument {
        guard let row = try await context.index.receipt(id) else {
            throw HostFailure.receiptNotFound(
                "show receipt \(id): there is no such receipt; receipts are kept for 7 days")
        }
        return try Self.decode(row)
    }

    func events(since position: EventPosition?, follow: Bool) async throws -> any BodyStream {
        let reader = try EventReader(context.events, after: position, follows: follow)
        if follow { await portService.watch() }
        return reader
    }

    func stats(workspace: String?) async throws -> StatsDocument {
        try await accountingService.stats(workspace: workspace)
    }

    func load(workspace: String?, sessionsOf: [String]?) async throws -> LoadDocument {
        try await accountingService.load(workspace: workspace, sessionsOf: sessionsOf)
    }

    func diskUsage(of id: String, within limit: Duration) async throws -> DiskDocument {
        try await accountingService.disk(of: id, within: limit)
    }

    func reap(dryRun: Bool, unclaimed: Bool) async throws -> PassDocument {
        try await reaperService.pass(dryRun: dryRun, unclaimed: unclaimed)
    }

    func reaper() async throws -> ReaperDocument { reaperService.document() }

    private static func decode(_ row: ReceiptRow) throws -> ReceiptDocument {
        try WireCoding.decode(ReceiptDocument.self, from: row.body)
    }
}
