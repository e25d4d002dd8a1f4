/// The result of one reaper pass.
public struct PassDocument: Codable, Sendable, Equatable {
    /// A populated scope of ours that no row and no receipt explains.
    public struct Unclaimed: Codable, Sendable, Equatable {
        public var unit: String
        public var workspace: String
        public var session: String
        @ExplicitNull public var members: Int?

        /// Makes an entry from its parts.
        public init(unit: String, workspace: String, session: String, members: Int?) {
            self.unit = unit
            self.workspace = workspace
            self.session = session
            self.members = members
        }
    }

    public var reaped: Int
    public var failed: Int
    public var kept: Int
    public var recovered: Int
    public var remembered: Int
    public var unclaimed: [Unclaimed]
    /// Counts by reason.
    public var skipped: [String: Int]
    public var escapes: [EscapeDocument]
    public var suspects: [EscapeDocument]
    public var durationMs: Int
    /// Microseconds of it for looking at cgroups; nil from a host that does not say.
    @ExplicitNull public var groundUs: Int?
    /// Microseconds of it for reading processes and judging whether they left their slices; nil from a host that does not say.
    @ExplicitNull public var escapesUs: Int?
    public var at: Timestamp
    /// What the pass did or would do, a line each, with its reason.
    public var actions: [String]

    /// Makes the result of a pass that has found nothing yet.
    public init(at: Timestamp) {
        self.at = at
        reaped = 0
        failed = 0
        kept = 0
        recovered = 0
        remembered = 0
        unclaimed = []
        skipped = [:]
        escapes = []
        suspects = []
        durationMs = 0
        groundUs = nil
        escapesUs = nil
        actions = []
    }
}

/// The reaper as a part of the service's status.
public struct ReaperDocument: Codable, Sendable, Equatable {
    public var passes: Int
    @ExplicitNull public var lastPass: PassDocument?
    /// Why the last pass could not be finished, nil when it was.
    @ExplicitNull public var lastFailure: String?

    /// Makes a document from its parts.
    public init(passes: Int, lastPass: PassDocument?, lastFailure: String?) {
        self.passes = passes
        self.lastPass = lastPass
        self.lastFailure = lastFailure
    }
}
