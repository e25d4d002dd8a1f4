import CgroupPty
import HostProtocol
import Logging
import SessionIndex

extension HostEvent {
    /// A workspace was frozen.
    static func frozen(_ row: WorkspaceRow, _ cause: FreezeService.Cause) -> HostEvent {
        let why = cause == .idle ? ": nobody used it" : ""
        var event = HostEvent(.frozen, .notice, "Workspace \(row.id) (\(row.name)) frozen\(why).", workspace: row.id)
        event.document.workspaceName = row.name
        event.document.outcome = cause.rawValue
        return event
    }

    /// A workspace goes on.
    static func thawed(_ row: WorkspaceRow, _ why: String) -> HostEvent {
        var event = HostEvent(.thawed, .notice, "Workspace \(row.id) (\(row.name)) thawed: \(why).", workspace: row.id)
        event.document.workspaceName = row.name
        event.document.outcome = why
        return event
    }

    /// A session was frozen for itself.
    static func frozen(_ row: SessionRow) -> HostEvent { session(row, .frozen) }

    /// A session goes on that was frozen for itself.
    static func thawed(_ row: SessionRow) -> HostEvent { session(row, .thawed) }

    private static func session(_ row: SessionRow, _ kind: EventDocument.Kind) -> HostEvent {
        var event = HostEvent(
            kind, .notice, "Session \(row.id) (\(row.title)) \(kind.rawValue).", workspace: row.workspaceID,
            session: row.id, scope: row.unit)
        event.document.title = row.title
        event.document.outcome = FreezeService.Cause.asked.rawValue
        return event
    }
}
