/// What the kernel has counted of a session, a workspace or an instance. What is `null` could not be had, and is never 0 for that:
/// ``StatsDocument/unavailable`` or the `reason` beside it says why.
public struct FiguresDocument: Codable, Sendable, Equatable {
    /// Processor time since the beginning.
    public struct CPU: Codable, Sendable, Equatable {
        public var usageUsec: Int64
        public var userUsec: Int64
        public var systemUsec: Int64
        /// Time that it would have run, and its quota did not let it. Null where no quota can be.
        @ExplicitNull public var throttledUsec: Int64?

        /// Makes a document from its parts.
        public init(usageUsec: Int64, userUsec: Int64, systemUsec: Int64, throttledUsec: Int64?) {
            self.usageUsec = usageUsec
            self.userUsec = userUsec
            self.systemUsec = systemUsec
            self.throttledUsec = throttledUsec
        }
    }

    /// Bytes of memory, with the page cache that it has filled.
    public struct Memory: Codable, Sendable, Equatable {
        public var current: Int64
        /// The most that it ever was. From Linux 5.19 on.
        @ExplicitNull public var peak: Int64?
        /// In swap. Null where there is no accounting of swap.
        @ExplicitNull public var swap: Int64?
        /// Processes that the kernel has ended since there was no memory.
        @ExplicitNull public var oomKills: Int64?

        /// Makes a document from its parts.
        public init(current: Int64, peak: Int64?, swap: Int64?, oomKills: Int64?) {
            self.current = current
            self.peak = peak
            self.swap = swap
            self.oomKills = oomKills
        }
    }

    /// Processes and threads.
    public struct Tasks: Codable, Sendable, Equatable {
        public var current: Int64
        /// How often a fork was refused because of the limit.
        @ExplicitNull public var refused: Int64?

        /// Makes a document from its parts.
        public init(current: Int64, refused: Int64?) {
            self.current = current
            self.refused = refused
        }
    }

    /// What went to and came from the disks, over all of them.
    public struct IO: Codable, Sendable, Equatable {
        public var readBytes: Int64
        public var writtenBytes: Int64
        public var reads: Int64
        public var writes: Int64

        /// Makes a document from its parts.
        public init(readBytes: Int64, writtenBytes: Int64, reads: Int64, writes: Int64) {
            self.readBytes = readBytes
            self.writtenBytes = writtenBytes
            self.reads = reads
            self.writes = writes
        }
    }

    /// How much time was lost in waiting for something.
    public struct Pressure: Codable, Sendable, Equatable {
        /// Time in which some tasks waited, or all of them: per cent of the last seconds, and microseconds since the beginning.
        public struct Stall: Codable, Sendable, Equatable {
            public var avg10: Double
            public var avg60: Double
            public var avg300: Double
            public var totalUsec: Int64

            /// Makes a document from its parts.
            public init(avg10: Double, avg60: Double, avg300: Double, totalUsec: Int64) {
                self.avg10 = avg10
                self.avg60 = avg60
                self.avg300 = avg300
                self.totalUsec = totalUsec
            }
        }

        public var some: Stall
        /// From Linux 5.13 on also of processors.
        @ExplicitNull public var full: Stall?

        /// Makes a document from its parts.
        public init(some: Stall, full: Stall?) {
            self.some = some
            self.full = full
        }
    }

    @ExplicitNull public var cpu: CPU?
    @ExplicitNull public var memory: Memory?
    @ExplicitNull public var tasks: Tasks?
    @ExplicitNull public var io: IO?
    @ExplicitNull public var cpuPressure: Pressure?
    @ExplicitNull public var memoryPressure: Pressure?
    @ExplicitNull public var ioPressure: Pressure?
    /// Processes.
    @ExplicitNull public var members: Int?
    @ExplicitNull public var frozen: Bool?
    /// How long it was frozen altogether. From Linux 6.18 on.
    @ExplicitNull public var frozenUsec: Int64?
    /// Why nothing of it could be read; null where something could.
    @ExplicitNull public var reason: String?

    /// Makes a document without any figure.
    public init(reason: String?) { self.reason = reason }
}

/// What is counted of everything, at one moment.
public struct StatsDocument: Codable, Sendable, Equatable {
    /// One session that has not ended.
    public struct Session: Codable, Sendable, Equatable {
        public var id: String
        public var title: String
        public var status: SessionDocument.Status
        /// Seconds since there was output, input or a client; 0 while somebody is attached. Null when the host does not hold its terminal.
        @ExplicitNull public var idleSeconds: Int?
        public var figures: FiguresDocument

        /// Makes a document from its parts.
        public init(
            id: String, title: String, status: SessionDocument.Status, idleSeconds: Int?, figures: FiguresDocument
        ) {
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
        public var figures: FiguresDocument
        /// Sessions that have not ended.
        public var sessionCount: Int
        /// These sessions, as far as they were asked for.
        public var sessions: [Session]

        /// Makes a document from its parts.
        public init(
            id: String, name: String, state: WorkspaceDocument.State, figures: FiguresDocument,
            sessionCount: Int, sessions: [Session]
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
    public var figures: FiguresDocument
    public var workspaces: [Workspace]
    /// Figures that could not be had where the rest could, such as `memory` or `memory.peak`, each with the reason.
    public var unavailable: [String: String]

    /// Makes a document from its parts.
    public init(
        at: Timestamp, instance: String, figures: FiguresDocument, workspaces: [Workspace],
        unavailable: [String: String]
    ) {
        self.at = at
        self.instance = instance
        self.figures = figures
        self.workspaces = workspaces
        self.unavailable = unavailable
    }
}

/// How much of a disk a workspace's directory takes.
public struct DiskDocument: Codable, Sendable, Equatable {
    public var workspace: String
    public var path: String
    /// Blocks that are taken, in bytes; a file with several names counts once. A lower bound unless `complete`.
    public var bytes: Int64
    /// Files and directories.
    public var entries: Int64
    /// Whether all of it was counted.
    public var complete: Bool
    /// Why not all of it was.
    @ExplicitNull public var reason: String?
    public var durationMs: Int

    /// Makes a document from its parts.
    public init(
        workspace: String, path: String, bytes: Int64, entries: Int64, complete: Bool, reason: String?, durationMs: Int
    ) {
        self.workspace = workspace
        self.path = path
        self.bytes = bytes
        self.entries = entries
        self.complete = complete
        self.reason = reason
        self.durationMs = durationMs
    }
}
