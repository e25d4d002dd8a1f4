/// Why something was left as it is.
public enum Doubt: Sendable, Equatable {
    /// A fact could not be read, and why.
    case unreadable(String)
    /// Its row, or its workspace's, changed during the pass.
    case changed
    /// It is being started.
    case creationInFlight
    /// Somebody else is ending it.
    case killInFlight
    /// Its workspace's destroy saga is at work.
    case sagaRunning
    /// It has not been missing for long enough.
    case tooYoung
    /// Its row names a unit that is not the one its ids make.
    case otherUnit(String)
    /// Its row contradicts itself, and how.
    case contradiction(String)
    /// A scope in the same slice is not judged yet, and the slice can only be ended as a whole.
    case sliceInUse
    /// It belongs to a workspace that neither has a row nor a receipt.
    case unclaimed
    /// It had changed by the time it was to be acted on; how.
    case overtaken(String)
    /// The pass had no time left.
    case noTime

    /// A stable word, under which a pass counts it.
    public var word: String {
        switch self {
        case .unreadable: "unreadable"
        case .changed, .overtaken: "changed"
        case .creationInFlight: "creation_in_flight"
        case .killInFlight: "kill_in_flight"
        case .sagaRunning: "saga_running"
        case .tooYoung: "too_young"
        case .otherUnit: "other_unit"
        case .contradiction: "contradiction"
        case .sliceInUse: "slice_in_use"
        case .unclaimed: "unclaimed"
        case .noTime: "no_time"
        }
    }
}

extension Doubt: CustomStringConvertible {
    /// In words.
    public var description: String {
        switch self {
        case .unreadable(let reason): "could not be read: \(reason)"
        case .changed: "its row or its workspace's changed during the pass"
        case .creationInFlight: "it is being started"
        case .killInFlight: "it is being ended already"
        case .sagaRunning: "the delete of its workspace is at work"
        case .tooYoung: "its scope has not been missing for long"
        case .otherUnit(let unit): "its row names the unit \(unit), which is not its own"
        case .contradiction(let text): "its row contradicts itself: \(text)"
        case .sliceInUse: "its slice still holds a session"
        case .unclaimed: "no row and no receipt explains its workspace"
        case .overtaken(let text): "it changed before it was acted on: \(text)"
        case .noTime: "the pass had no time left"
        }
    }
}
