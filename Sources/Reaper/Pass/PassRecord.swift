public import CgroupPty

/// What a pass did about one thing, for the journal.
public struct PassRecord: Sendable, Equatable {
    /// What was done, or would be done by a dry run.
    public enum Action: Sendable, Equatable {
        /// What was in it was ended, and the kernel confirmed it.
        case reaped
        /// What was in it was to be ended, and the kernel did not confirm it.
        case failed
        /// A scope that lives has its row again.
        case recovered
        /// The row says now that the session is over.
        case concluded(Conclusion)
        /// systemd was told to forget a unit that holds nothing.
        case tidied
        /// It was to be acted on, and was left after all.
        case spared(Doubt)
    }

    /// What was done.
    public var action: Action
    /// The unit.
    public var unit: String
    /// The workspace in the unit's name.
    public var workspace: WorkspaceID
    /// The session in the unit's name, nil for a slice.
    public var session: SessionID?
    /// What spoke for it, and what came of it, in words.
    public var outcome: String
    /// Processes that were there before anything was sent; nil when nobody counted.
    public var members: Int?
    /// From the first look to the last; nil when nothing was ended.
    public var milliseconds: Int?

    /// Makes a record.
    init(_ action: Action, _ unit: OwnUnit, _ outcome: String, members: Int? = nil, milliseconds: Int? = nil) {
        self.action = action
        self.unit = unit.name
        workspace = unit.workspace
        session = unit.session
        self.outcome = outcome
        self.members = members
        self.milliseconds = milliseconds
    }
}
