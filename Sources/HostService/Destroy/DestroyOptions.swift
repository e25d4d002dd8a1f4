import HostProtocol

/// What the callers of a delete chose, merged: a second delete of the same workspace only ever strengthens the first.
struct DestroyOptions: Codable, Sendable, Equatable {
    var force = false
    var deleteBranch = false
    var skipsTeardown = false
    var abandon = false
    /// Whether somebody had frozen the workspace before the delete let it go on for its teardown. Nobody's choice; nil: not that is known.
    var wasFrozen: Bool?

    /// The options of one request.
    init(_ request: DeleteWorkspaceOptions) {
        force = request.force
        deleteBranch = request.deleteBranch
        skipsTeardown = request.teardown == .skip
        abandon = request.abandon
    }

    /// Adds what another request asks for; takes effect at the next step.
    mutating func merge(_ other: DestroyOptions) {
        force = force || other.force
        deleteBranch = deleteBranch || other.deleteBranch
        skipsTeardown = skipsTeardown || other.skipsTeardown
        abandon = abandon || other.abandon
    }
}
