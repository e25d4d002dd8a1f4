public import SessionIndex

/// Why a pass could not be made. Nothing, or not all of it, was done.
public enum PassFailure: Error, Sendable, Equatable {
    /// The claims could not be read.
    case index(IndexFailure)
    /// The reaper was stopped before the pass, or during it.
    case stopped
}

extension PassFailure: CustomStringConvertible {
    /// What was tried, the answer, the consequence.
    public var description: String {
        switch self {
        case .index(let failure): "reaper pass: \(failure); nothing was reaped"
        case .stopped: "reaper pass: the reaper was stopped; what was not begun is left to the next pass"
        }
    }
}
