import CgroupPty
import HostProtocol
import Logging
import SessionIndex

extension HostEvent {
    private init(
        _ kind: EventDocument.Kind, _ level: Logger.Level, _ message: String, _ row: SessionRow,
        catalog: JournalMessage? = nil
    ) {
        self.init(
            kind, level, message, workspace: row.workspaceID, session: row.id, scope: row.unit, catalog: catalog)
        document.title = row.title
    }

    /// A session's command runs.
    static func sessionStarted(_ row: SessionRow) -> HostEvent {
        HostEvent(
            .sessionStarted, .info, "Session \(row.id) (\(row.title)) started in workspace \(row.workspaceID).", row)
    }

    /// A session is over, by itself or because somebody ended it, and the kernel confirmed that nothing is left of it.
    static func sessionEnded(
        _ row: SessionRow, _ ending: SessionRow.Ending, _ end: SessionEndDocument, reason: SessionRow.EndReason,
        exit: SessionRow.Exit?, membersLeft: Int?
    ) -> HostEvent {
        let isKilled = ending == .disposed
        var event = HostEvent(
            isKilled ? .sessionKilled : .sessionExited, .notice,
            "Session \(row.id) ended: \(reason.rawValue), \(end.ended?.rawValue ?? "confirmed"), in \(end.durationMs) ms.",
            row, catalog: isKilled ? .sessionKilled : nil)
        event.document.outcome = end.outcome.rawValue
        event.note(reason, exit, membersLeft)
        return event
    }

    /// A session's leader has exited, and what it left goes on (`on_exit=keep`).
    static func leaderExited(
        _ row: SessionRow, reason: SessionRow.EndReason, exit: SessionRow.Exit?, membersLeft: Int?
    ) -> HostEvent {
        var event = HostEvent(
            .sessionExited, .info,
            "The leader of session \(row.id) ended: \(reason.rawValue); \(membersLeft.map { "\($0)" } ?? "some") processes are kept.",
            row)
        event.document.outcome = "kept"
        event.note(reason, exit, membersLeft)
        return event
    }

    /// A session was to be ended, and the kernel does not confirm it.
    static func sessionSurvived(_ row: SessionRow, _ end: SessionEndDocument) -> HostEvent {
        var event = HostEvent(
            .survivorsLeft, .error,
            "Session \(row.id) did not end: \(end.detail ?? end.outcome.rawValue). The reaper tries again.", row,
            catalog: .unkillable)
        event.document.outcome = end.outcome.rawValue
        event.document.survivors = end.survivors
        return event
    }

    /// The kernel ended a process of a session for want of memory.
    static func outOfMemory(_ row: SessionRow, count: UInt64) -> HostEvent {
        var event = HostEvent(
            .outOfMemory, .warning,
            "Session \(row.id): the kernel ended a process for want of memory; \(count) so far.", row,
            catalog: .outOfMemory)
        event.document.count = count
        return event
    }

    /// A fork was refused in a session.
    /// - Parameter unit: whose limit it was: the session's scope, or its workspace's slice.
    static func tasksRefused(_ row: SessionRow, unit: String, count: UInt64) -> HostEvent {
        var event = HostEvent(
            .tasksRefused, .warning, "\(unit) has as many tasks as it may have; \(count) forks were refused so far.",
            row,
            catalog: .tasksRefused)
        event.document.count = count
        // Of a whole workspace nobody knows which session it was.
        if unit != row.unit { (event.document.session, event.document.title) = (nil, nil) }
        return event
    }

    private mutating func note(_ reason: SessionRow.EndReason, _ exit: SessionRow.Exit?, _ membersLeft: Int?) {
        document.endReason = SessionDocument.EndReason(rawValue: reason.rawValue)
        document.exit = exit.map { SessionDocument.Exit($0) }
        document.membersLeft = membersLeft
    }
}
