/// What became of the wish to begin a delete.
public enum TombstoneOutcome: Sendable, Equatable {
    /// The workspace is `deleting` from now on, and this is what the saga goes by.
    case begun(DestroyRow)
    /// A delete is under way. The receipt that was handed over was not stored.
    case alreadyDeleting(DestroyRow)
    /// Its time is not over, and nothing was written.
    case notExpired
    /// There is no such workspace.
    case missing
}
