/// How many rows a prune dropped.
public struct PruneCount: Sendable, Equatable {
    /// Ended sessions.
    public var sessions: Int
    /// Finished receipts.
    public var receipts: Int

    /// Gathers the counts.
    public init(sessions: Int, receipts: Int) {
        self.sessions = sessions
        self.receipts = receipts
    }
}
