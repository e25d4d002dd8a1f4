import HostProtocol
import NIOConcurrencyHelpers

@testable import HostService

/// A host in memory, at the seam below the interface: it writes down what it is asked and answers with ``APIFixtures``.
final class FakeHost: HostOperations {
    struct State {
        var calls: [String] = []
        /// Thrown by every operation.
        var failure: (any Error)?
        var receipt = APIFixtures.receipt()
        var end = APIFixtures.end()
        var output = OutputSlice(epoch: "e1", from: 5, bytes: Array("hello".utf8))
        var input = TerminalInput(bytes: [])
        var wait: WaitRequest?
        var waited = WaitDocument(outcome: .timedOut)
        /// Whether waits go on until they are cancelled.
        var waitsForever = false
        var portCloses: Bool? = true
        var attachments: [FakeAttachment] = []
        /// Holds every delete until it is opened.
        var gate: CallGate?
        var createdSession: CreateSessionRequest?
        var createdWorkspace: CreateWorkspaceRequest?
        /// Of the events.
        var heartbeat = EventReader.heartbeat
        var change: ChangeRequest?
    }

    private let state = NIOLockedValueBox(State())
    /// What the host tells its followers.
    let hub = EventHub(limits: EventHub.Limits(readers: 3), epoch: "e0")

    /// What is so now.
    var now: State { state.withLockedValue { $0 } }

    var calls: [String] { state.withLockedValue { $0.calls } }

    /// Changes what the host does from now on.
    func set(_ change: (inout State) -> Void) {
        state.withLockedValue { change(&$0) }
    }

    private func note(_ call: String) throws {
        let failure = state.withLockedValue { state in
            state.calls.append(call)
            return state.failure
        }
        if let failure { throw failure }
    }

    func status() async throws -> StatusDocument {
        try note("status")
        return APIFixtures.status
    }

    func createWorkspace(_ request: CreateWorkspaceRequest) async throws -> Creation<WorkspaceDocument> {
        set { $0.createdWorkspace = request }
        try note("createWorkspace")
        // As if an id that is chosen were always in use.
        return Creation(document: APIFixtures.workspace(id: request.id ?? "wspace"), isNew: request.id == nil)
    }

    func workspaces(all: Bool) async throws -> [WorkspaceDocument] {
        try note("workspaces all=\(all)")
        return [APIFixtures.workspace()]
    }

    func workspace(_ id: String) async throws -> WorkspaceDocument {
        try note("workspace \(id)")
        return APIFixtures.workspace(id: id)
    }

    func changeWorkspace(_ id: String, _ request: ChangeRequest) async throws -> WorkspaceDocument {
        set { $0.change = request }
        try note("changeWorkspace \(id)")
        return APIFixtures.workspace(id: id)
    }

    func changeSession(_ id: String, _ request: ChangeRequest) async throws -> SessionDocument {
        set { $0.change = request }
        try note("changeSession \(id)")
        return APIFixtures.session(id: id)
    }

    func stats(workspace: String?) async throws -> StatsDocument {
        try note("stats \(workspace ?? "all")")
        return APIFixtures.stats
    }

    func load(workspace: String?, sessionsOf: [String]?) async throws -> LoadDocument {
        try note("load \(workspace ?? "all")\(sessionsOf.map { " sessions of \($0)" } ?? "")")
        return APIFixtures.load
    }

    func diskUsage(of id: String, within limit: Duration) async throws -> DiskDocument {
        try note("diskUsage \(id) \(limit)")
        return DiskDocument(
            workspace: id, path: "/somewhere", bytes: 4096, entries: 1, complete: true, reason: nil, durationMs: 1)
    }

    func freezeWorkspace(_ id: String) async throws -> WorkspaceDocument {
        try note("freeze workspace \(id)")
        return APIFixtures.workspace(id: id)
    }

    func thawWorkspace(_ id: String) async throws -> WorkspaceDocument {
        try note("thaw workspace \(id)")
        return APIFixtures.workspace(id: id)
    }

    func freezeSession(_ id: String) async throws -> SessionDocument {
        try note("freeze session \(id)")
        return APIFixtures.session(id: id)
    }

    func thawSession(_ id: String) async throws -> SessionDocument {
        try note("thaw session \(id)")
        return APIFixtures.session(id: id)
    }

    func deleteWorkspace(_ id: String, _ options: DeleteWorkspaceOptions) async throws -> ReceiptDocument {
        try note(
            "delete \(id) force=\(options.force) branch=\(options.deleteBranch) teardown=\(options.teardown) "
                + "abandon=\(options.abandon) dry=\(options.dryRun) timeout=\(options.timeout.map { "\($0)" } ?? "-")"
        )
        if let gate = state.withLockedValue({ $0.gate }) { await gate.pass() }
        set { $0.calls.append("delete done") }
        return state.withLockedValue { $0.receipt }
    }

    func createSession(
        in workspace: String, _ request: CreateSessionRequest
    ) async throws -> Creation<SessionDocument> {
        set { $0.createdSession = request }
        try note("createSession \(workspace)")
        return Creation(document: APIFixtures.session(id: request.id ?? "sess1"), isNew: request.id == nil)
    }

    func sessions(workspace: String?) async throws -> [SessionDocument] {
        try note("sessions \(workspace ?? "-")")
        return [APIFixtures.session()]
    }

    func session(_ id: String) async throws -> SessionDocument {
        try note("session \(id)")
        return APIFixtures.session(id: id)
    }

    func killSession(_ id: String, force: Bool) async throws -> SessionEndDocument {
        try note("kill \(id) force=\(force)")
        return state.withLockedValue { $0.end }
    }

    func sendInput(_ input: TerminalInput, to id: String) async throws {
        set { $0.input = input }
        try note("input \(id)")
    }

    func resizeSession(_ id: String, to size: TerminalSize) async throws {
        try note("resize \(id) \(size.columns)x\(size.rows)")
    }

    func output(of id: String, from: UInt64?) async throws -> OutputSlice {
        try note("output \(id) from=\(from.map { "\($0)" } ?? "-")")
        return state.withLockedValue { $0.output }
    }

    func screen(of id: String, historyLines: Int, withCells: Bool) async throws -> ScreenDocument {
        try note("screen \(id) history=\(historyLines) cells=\(withCells)")
        return APIFixtures.screen
    }

    func wait(for request: WaitRequest, in id: String) async throws -> WaitDocument {
        set { $0.wait = request }
        try note("wait \(id)")
        if now.waitsForever {
            do { try await Task.sleep(for: .seconds(3600)) } catch {
                set { $0.calls.append("wait cancelled") }
                throw error
            }
        }
        return now.waited
    }

    func attach(to id: String, from: UInt64?, epoch: String?, window: ClientWindow?) async throws -> any Attachment {
        let window =
            window.map { window in
                " size=\(window.size.columns)x\(window.size.rows)" + (window.idle > .zero ? " idle=\(window.idle)" : "")
            } ?? ""
        try note("attach \(id) from=\(from.map { "\($0)" } ?? "-") epoch=\(epoch ?? "-")\(window)")
        let attachment = FakeAttachment()
        set { $0.attachments.append(attachment) }
        return attachment
    }

    func ports(workspace: String?) async throws -> PortListDocument {
        try note("ports \(workspace ?? "-")")
        return APIFixtures.ports
    }

    func closePort(_ selection: PortSelection) async throws -> PortEndDocument {
        try note(
            "close \(selection.workspace) \(selection.port) \(selection.transport?.rawValue ?? "-") force=\(selection.force)"
        )
        return APIFixtures.portEnd(closed: now.portCloses)
    }

    func receipts(workspace: String?) async throws -> [ReceiptDocument] {
        try note("receipts \(workspace ?? "-")")
        return [APIFixtures.receipt()]
    }

    func receipt(_ id: String) async throws -> ReceiptDocument {
        try note("receipt \(id)")
        return APIFixtures.receipt()
    }

    func events(since position: EventPosition?, follow: Bool) async throws -> any BodyStream {
        try note("events since=\(position.map { "\($0)" } ?? "-") follow=\(follow)")
        return try EventReader(hub, after: position, follows: follow, heartbeat: now.heartbeat)
    }

    func trustRepository(_ request: TrustRequest) async throws -> TrustDocument {
        try note("trust \(request.path)")
        return TrustDocument(repository: request.path, trusted: ["setup"])
    }

    func reap(dryRun: Bool, unclaimed: Bool) async throws -> PassDocument {
        try note("reap dry=\(dryRun) unclaimed=\(unclaimed)")
        return PassDocument(at: APIFixtures.moment)
    }

    func reaper() async throws -> ReaperDocument {
        try note("reaper")
        return APIFixtures.reaper
    }
}
