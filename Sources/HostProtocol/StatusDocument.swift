/// The service as clients see it.
public struct StatusDocument: Codable, Sendable, Equatable {
    /// Which systemd holds the scopes.
    public enum Manager: String, Codable, Sendable, CaseIterable {
        case user, system
    }

    public var instance: String
    public var version: String
    public var pid: Int
    public var manager: Manager
    @ExplicitNull public var systemdVersion: String?
    /// Whether a systemd call can be made now. Kills work without it, starts do not.
    public var systemdReachable: Bool
    public var slice: String
    public var stateDirectory: String
    public var socket: String
    public var bootId: String
    public var startedAt: Timestamp
    public var workspaces: Int
    public var sessions: Int
    /// Workspaces that are frozen.
    public var frozenWorkspaces: Int
    /// Whether terminals outlive a crash and a restart of the service: its manager keeps their descriptors.
    public var keepsTerminals: Bool
    public var trash: TrashDocument
    public var reaper: ReaperDocument

    /// Makes a document from its parts.
    public init(
        instance: String, version: String, pid: Int, manager: Manager, systemdVersion: String?, systemdReachable: Bool,
        slice: String, stateDirectory: String, socket: String, bootId: String, startedAt: Timestamp, workspaces: Int,
        sessions: Int, frozenWorkspaces: Int = 0, keepsTerminals: Bool, trash: TrashDocument, reaper: ReaperDocument
    ) {
        self.instance = instance
        self.version = version
        self.pid = pid
        self.manager = manager
        self.systemdVersion = systemdVersion
        self.systemdReachable = systemdReachable
        self.slice = slice
        self.stateDirectory = stateDirectory
        self.socket = socket
        self.bootId = bootId
        self.startedAt = startedAt
        self.workspaces = workspaces
        self.sessions = sessions
        self.frozenWorkspaces = frozenWorkspaces
        self.keepsTerminals = keepsTerminals
        self.trash = trash
        self.reaper = reaper
    }
}
