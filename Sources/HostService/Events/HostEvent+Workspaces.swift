import CgroupPty
import HostProtocol
import Logging
import SessionIndex

extension HostEvent {
    private init(
        _ kind: EventDocument.Kind, _ level: Logger.Level, _ message: String, _ row: WorkspaceRow,
        receipt: ReceiptDocument? = nil, catalog: JournalMessage? = nil
    ) {
        self.init(kind, level, message, workspace: row.id, catalog: catalog)
        document.workspaceName = row.name
        document.receipt = receipt?.id
    }

    /// A workspace can be used.
    static func workspaceCreated(_ row: WorkspaceRow) -> HostEvent {
        let verb = row.kind == .worktree ? "created" : "adopted"
        return HostEvent(.workspaceCreated, .info, "Workspace \(row.id) (\(row.name)) \(verb) at \(row.path).", row)
    }

    /// A workspace is kept as failed.
    static func workspaceFailed(_ row: WorkspaceRow, _ why: String) -> HostEvent {
        HostEvent(
            .workspaceFailed, .error, "Workspace \(row.id) (\(row.name)) failed: \(why)", row, catalog: .workspaceFailed
        )
    }

    /// A delete has begun.
    static func workspaceDeleting(_ row: WorkspaceRow, _ receipt: ReceiptDocument) -> HostEvent {
        HostEvent(
            .workspaceDeleting, .info, "Workspace \(row.id) (\(row.name)) is being deleted, receipt \(receipt.id).",
            row, receipt: receipt)
    }

    /// A delete is complete.
    static func workspaceDeleted(_ row: WorkspaceRow, _ receipt: ReceiptDocument) -> HostEvent {
        let sessions = receipt.sessions.count == 1 ? "1 session" : "\(receipt.sessions.count) sessions"
        var event = HostEvent(
            .workspaceDeleted, .notice,
            "Workspace \(row.id) (\(row.name)) deleted: \(receipt.outcome.rawValue), \(sessions), receipt \(receipt.id).",
            row, receipt: receipt, catalog: .workspaceDeleted)
        event.document.outcome = receipt.outcome.rawValue
        return event
    }

    /// A delete was given up.
    static func workspaceKept(_ row: WorkspaceRow, _ receipt: ReceiptDocument) -> HostEvent {
        HostEvent(
            .workspaceKept, .notice,
            "Workspace \(row.id) (\(row.name)) was kept: \(receipt.detail ?? "its delete was given up").", row,
            receipt: receipt, catalog: .workspaceKept)
    }
}
