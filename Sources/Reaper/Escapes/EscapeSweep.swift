/// What several looks for escapes found and did.
public struct EscapeSweep: Sendable, Equatable {
    /// Processes that were ended, or were to be.
    public var ends: [EscapeEnd] = []
    /// Processes that meet the kill rule and were only reported, because that is the policy or because of ``restraint``.
    public var reported: [EscapeFinding] = []
    /// The suspects of the last look.
    public var suspects: [EscapeFinding] = []
    /// Processes that could matter and could not be read, in the last look.
    public var unreadable: Int = 0
    /// Processes with more open files than are looked at, in the last look.
    public var cutShort: Int = 0
    /// Looks that were made.
    public var looks: Int = 0
    /// Why the last look failed as a whole; nil when it did not.
    public var failure: String?
    /// Why nothing was ended although there was proof; nil when it was allowed.
    public var restraint: String?

    /// Whether a process that meets the kill rule is, or could be, still there.
    public var hasSurvivors: Bool { ends.contains(where: \.couldLive) || !reported.isEmpty }
}
