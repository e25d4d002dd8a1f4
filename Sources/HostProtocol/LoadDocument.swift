/// What everything takes at one moment, in few numbers: for who looks every second. ``StatsDocument`` has the rest.
///
/// Its objects are flat, for a host with hundreds of sessions would otherwise be busy with writing them.
public struct LoadDocument: Codable, Sendable, Equatable {
    /// Of a session, a workspace or an instance. What is `null` could not be had; ``LoadDocument/unavailable`` or `reason` says why.
    public struct Figures: Codable, Sendable, Equatable {
        /// Processor time since the beginning, in microseconds.
        @ExplicitNull public var cpuUsec: Int64?
        /// Bytes of memory, with the page cache that it has filled.
        @ExplicitNull public var memory: Int64?
        /// Processes and threads.
        @ExplicitNull public var tasks: Int64?
        /// Per cent of the last ten seconds in which something waited for a processor.
        @ExplicitNull public var cpuWait: Double?
        /// The same, for memory.
        @ExplicitNull public var memoryWait: Double?
        /// The same, for a disk.
        @ExplicitNull public var ioWait: Double?
        @ExplicitNull public var frozen: Bool?
        /// Why nothing of it could be read; null where something could.
        @ExplicitNull public var reason: String?

        /// Makes a document without any figure.
        public init(reason: String?) { self.reason = reason }
    }

    /// One session that has not ended.
    public struct Session: Codable, Sendable, Equatable {
        public var id: String
        public var title: String
        public var status: SessionDocument.Status
        /// As in ``StatsDocument/Session``.
        @ExplicitNull public var idleSeconds: Int?
        public var figures: Figures

        /// Makes a document from its parts.
        public init(id: String, title: String, status: SessionDocument.Status, idleSeconds: Int?, figures: Figures) {
            self.id = id
            self.title = title
            self.status = status
            self.idleSeconds = idleSeconds
            self.figures = figures
        }
    }

    /// One workspace: all that runs in its slice, also what is in no session.
    public struct Workspace: Codable, Sendable, Equatable {
        public var id: String
        public var name: String
        public var state: WorkspaceDocument.State
        public var figures: Figures
        /// Sessions that have not ended.
        public var sessionCount: Int
        /// These sessions, as far as they were asked for.
        public var sessions: [Session]

        /// Makes a document from its parts.
        public init(
            id: String, name: String, state: WorkspaceDocument.State, figures: Figures, sessionCount: Int,
            sessions: [Session]
        ) {
            self.id = id
            self.name = name
            self.state = state
            self.figures = figures
            self.sessionCount = sessionCount
            self.sessions = sessions
        }
    }

    public var at: Timestamp
    public var instance: String
    /// All that runs in all workspaces of the instance.
    public var figures: Figures
    public var workspaces: [Workspace]
    /// Figures that could not be had where the rest could, such as `memory` or `cpu_wait`, each with the reason.
    public var unavailable: [String: String]

    /// Makes a document from its parts.
    public init(
        at: Timestamp, instance: String, figures: Figures, workspaces: [Workspace], unavailable: [String: String]
    ) {
        self.at = at
        self.instance = instance
        self.figures = figures
        self.workspaces = workspaces
        self.unavailable = unavailable
    }
}
