/// What a pass is asked for. Requests that wait together and ask for the same share one pass.
struct PassRequest: Sendable, Hashable {
    /// Changes nothing, and says what would be done.
    var dryRun: Bool
    /// Ends also what nothing explains.
    var unclaimed: Bool
}
