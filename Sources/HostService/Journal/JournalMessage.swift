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
    case outOfMemory = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a11"
    case tasksRefused = "b3b6cc0a5c9f4d8f9c1d3a6a0e6f4a12"
}

extension Logger.Metadata {
    /// Names a session, as `journalctl CORRAL_SESSION=…` finds it.
    static func session(_ row: SessionRow, outcome: String, _ instance: InstanceID) -> Logger.Metadata {
        [
            "instance": "\(instance)", "workspace": "\(row.workspaceID)", "session": "\(row.id)",
            "scope": "\(row.unit)", "outcome": "\(outcome)",
        ]
    }

    /// Names a workspace, as `journalctl CORRAL_WORKSPACE=…` finds it.
    static func workspace(_ id: WorkspaceID, _ instance: InstanceID, outcome: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["instance": "\(instance)", "workspace": "\(id)"]
        if let outcome { metadata["outcome"] = "\(outcome)" }
        return metadata
    }
}
