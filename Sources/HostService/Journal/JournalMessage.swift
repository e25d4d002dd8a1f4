import CgroupPty
import Logging
import SessionIndex

/// The events that people look up in the journal, by their `MESSAGE_ID`. The texts are in packaging/systemd/corral.catalog.
///
/// See: systemd.journal-fields(7), journalctl(1) `-x`
enum JournalMessage: String, Sendable, CaseIterable {
    case sessionKilled = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a01"
    case workspaceDeleted = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a02"
    case unkillable = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a03"
    case escapeFound = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a04"
    case orphanReaped = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a05"
    case passFailed = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a06"
    case workspaceFailed = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a07"
    case workspaceKept = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a08"
    case expiryDeferred = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a09"
    case outOfMemory = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a11"
    case tasksRefused = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a12"
    case startRefused = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a21"
    case configurationRefused = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a22"
    case peerRefused = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a23"
}

extension Logger.Metadata {
    /// The key of the unit that an entry is about, so that it is found with what that unit says itself.
    static let unitKey = "unit"

    /// What explains an entry.
    static func explained(by message: JournalMessage) -> Logger.Metadata { ["message_id": "\(message.rawValue)"] }

    /// Names a session, as `journalctl CORRAL_SESSION=…` finds it.
    static func session(_ row: SessionRow, outcome: String, _ instance: InstanceID) -> Logger.Metadata {
        [
            "instance": "\(instance)", "workspace": "\(row.workspaceID)", "session": "\(row.id)",
            "scope": "\(row.unit)", "outcome": "\(outcome)", unitKey: "\(row.unit)",
        ]
    }

    /// Names a workspace, as `journalctl CORRAL_WORKSPACE=…` finds it.
    static func workspace(_ id: WorkspaceID, _ instance: InstanceID, outcome: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "instance": "\(instance)", "workspace": "\(id)", unitKey: "\(SliceName.workspace(instance, id))",
        ]
        if let outcome { metadata["outcome"] = "\(outcome)" }
        return metadata
    }
}
