/// What one look found.
public struct EscapeFindings: Sendable, Equatable {
    /// Those that may be ended.
    public var killable: [EscapeFinding] = []
    /// Those that are only reported.
    public var suspects: [EscapeFinding] = []
    /// Processes that could matter and could not be read.
    public var unreadable: Int = 0
    /// Processes with more open files than are looked at.
    public var cutShort: Int = 0
    /// Why there is nothing above although there may be something: the look failed as a whole.
    public var failure: String?
    /// Why nothing may be ended although there is proof; nil when it may.
    public var restraint: String?
}
