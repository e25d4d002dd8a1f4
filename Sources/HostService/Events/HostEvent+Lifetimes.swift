import CgroupPty
import FoundationEssentials
import HostProtocol
import Logging
import SessionIndex

extension HostEvent {
    /// A session is to be ended soon.
    static func sessionExpiring(_ row: SessionRow, in left: Duration) -> HostEvent {
        var event = HostEvent(
            .sessionExpiring, .notice,
            "Session \(row.id) (\(row.title)) is ended in \(Int((left / .seconds(1)).rounded(.up))) s: it has run as long as it was to.",
            workspace: row.workspaceID, session: row.id, scope: row.unit)
        event.document.title = row.title
        event.document.due = Timestamp(Date.now.addingTimeInterval(left / .seconds(1)))
        return event
    }

    /// A workspace is to be deleted soon.
    static func workspaceExpiring(_ row: WorkspaceRow, at moment: Date) -> HostEvent {
        workspace(
            row, .workspaceExpiring, "Workspace \(row.id) (\(row.name)) expires at \(Timestamp(moment)).", due: moment)
    }

    /// A workspace has expired, and could not be deleted.
    static func expiryDeferred(_ row: WorkspaceRow, _ why: String, until moment: Date) -> HostEvent {
        var event = workspace(
            row, .expiryDeferred,
            "Workspace \(row.id) (\(row.name)) has expired and was kept: \(why). It is tried again at \(Timestamp(moment)).",
            due: moment)
        event.level = .warning
        event.catalog = .expiryDeferred
        event.document.outcome = why
        return event
    }

    private static func workspace(
        _ row: WorkspaceRow, _ kind: EventDocument.Kind, _ message: String, due: Date
    ) -> HostEvent {
        var event = HostEvent(kind, .notice, message, workspace: row.id)
        event.document.workspaceName = row.name
        event.document.due = Timestamp(due)
        return event
    }
}
