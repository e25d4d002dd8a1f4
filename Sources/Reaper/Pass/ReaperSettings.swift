/// The reaper's figures. The defaults are the design's.
public struct ReaperSettings: Sendable {
    /// For a whole pass. Shorter: a machine with many stuck processes is never done; longer: nobody hears of it.
    public var passDeadline: Duration = .seconds(60)
    /// For one look at the ground, within the pass.
    public var lookDeadline: Duration = .seconds(20)
    /// So long a scope must have been missing before its session counts as lost.
    public var ageFloor: Duration = .seconds(30)
    /// Scopes that are ended at once, at most. Each can hold a call to systemd, whose bus takes 128 in all.
    public var stopsAtOnce: Int = 32
    /// After a failed kill the next pass comes so soon, then later and later.
    public var firstRetry: Duration = .seconds(5)
    /// The longest wait after a failed kill.
    public var lastRetry: Duration = .seconds(120)
    /// What is done about processes that left their slices.
    public var escapePolicy: EscapePolicy

    /// The design's figures.
    /// - Parameter escapePolicy: what the configuration says.
    public init(escapePolicy: EscapePolicy = .kill) { self.escapePolicy = escapePolicy }
}
