/// Asks for an answer once something has happened in a session.
public struct WaitRequest: Codable, Sendable, Equatable {
    /// What is waited for.
    public enum Event: String, Codable, Sendable {
        /// The session is over.
        case exit
        /// A line of the output matches `pattern`.
        case output
        /// There was no output for `idle_seconds`, counted from the request on.
        case idle
    }

    /// Seconds that are waited when the request does not say: most builds are through by then, and a script that hangs is noticed
    /// the same hour.
    public static let standardTimeout = 600.0

    public var event: Event
    /// A regular expression, for `output`.
    public var pattern: String?
    /// For `idle`.
    public var idleSeconds: Double?
    /// 0 to 3600; ``standardTimeout`` when absent. With 0 the answer tells of what is there already.
    public var timeout: Double?
    /// For `output`: the first byte that is looked at. When absent, the one at which input was sent last.
    public var from: UInt64?

    private enum CodingKeys: String, CodingKey {
        case event = "for"
        case pattern, idleSeconds, timeout, from
    }

    /// Makes a request from its parts.
    public init(
        for event: Event, pattern: String? = nil, idleSeconds: Double? = nil, timeout: Double? = nil,
        from: UInt64? = nil
    ) {
        self.event = event
        self.pattern = pattern
        self.idleSeconds = idleSeconds
        self.timeout = timeout
        self.from = from
    }
}

/// What a wait came to.
public struct WaitDocument: Codable, Sendable, Equatable {
    /// How it ended.
    public enum Outcome: String, Codable, Sendable, CaseIterable {
        /// The session is over, which was waited for.
        case exited
        case matched
        case idle
        case timedOut = "timed_out"
        /// The session is over, and what was waited for has not happened.
        case ended
    }

    public var outcome: Outcome
    /// How the leader ended, for `exited` and `ended`; nil when that is not known.
    @ExplicitNull public var exit: SessionDocument.Exit?
    @ExplicitNull public var endReason: SessionDocument.EndReason?
    /// The line that matched, as plain text.
    @ExplicitNull public var line: String?
    /// Sequence number from which another wait goes on without missing anything: after a match the first byte that was not
    /// looked at, else the beginning of the unfinished line. Nil when no output is held.
    @ExplicitNull public var seq: UInt64?
    /// Bytes of output that were wanted and not looked at, since the host holds them no more or came to fall behind.
    public var missed: UInt64

    /// Makes a document from its parts.
    public init(
        outcome: Outcome, exit: SessionDocument.Exit? = nil, endReason: SessionDocument.EndReason? = nil,
        line: String? = nil, seq: UInt64? = nil, missed: UInt64 = 0
    ) {
        self.outcome = outcome
        self.exit = exit
        self.endReason = endReason
        self.line = line
        self.seq = seq
        self.missed = missed
    }
}
