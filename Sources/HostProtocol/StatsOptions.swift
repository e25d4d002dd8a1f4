/// What of the figures is asked for.
public struct StatsOptions: Sendable, Equatable {
    /// Of this workspace only; nil for all.
    public var workspace: String?
    /// The sessions of these workspaces only; nil for all, none for no sessions at all.
    public var sessionsOf: [String]?
    /// Only processor time, memory, tasks, pressure and whether it is frozen: a third of the files, for who asks every second.
    public var brief: Bool

    /// Makes options from their parts.
    public init(workspace: String? = nil, sessionsOf: [String]? = nil, brief: Bool = false) {
        self.workspace = workspace
        self.sessionsOf = sessionsOf
        self.brief = brief
    }
}
