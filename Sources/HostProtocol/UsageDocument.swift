/// Figures of a session, a workspace or an instance, of which a ``UsageDocument`` is made.
public protocol UsageFigures: Codable, Sendable, Equatable {
    /// What the document with these figures is called in the interface's description.
    static var documentName: String { get }
    /// Makes figures of which none could be had.
    init(reason: String?)
}

/// What everything takes at one moment: the instance, its workspaces and their sessions.
public struct UsageDocument<Figures: UsageFigures>: Codable, Sendable, Equatable {
    /// One session that has not ended.
    public struct Session: Codable, Sendable, Equatable {
        public var id: String
        public var title: String
        public var status: SessionDocument.Status
        /// Seconds since there was output, input or a client; 0 while somebody is attached. Null when the host does not hold its terminal.
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
    /// Figures that could not be had where the rest could, such as `memory` or `memory.peak`, each with the reason.
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

/// Everything that the kernel counts.
public typealias StatsDocument = UsageDocument<FiguresDocument>

/// What a look every second shows.
public typealias LoadDocument = UsageDocument<LoadFigures>

/// A wire type whose name in the interface's description is not that of its declaration.
public protocol DescribedType {
    static var describedName: String { get }
}

extension UsageDocument: DescribedType {
    public static var describedName: String { Figures.documentName }
}

extension UsageDocument.Session: DescribedType {
    public static var describedName: String { "\(Figures.documentName)Session" }
}

extension UsageDocument.Workspace: DescribedType {
    public static var describedName: String { "\(Figures.documentName)Workspace" }
}
