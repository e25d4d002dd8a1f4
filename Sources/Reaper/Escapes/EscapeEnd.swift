/// What came of ending one escaped process.
public struct EscapeEnd: Sendable, Equatable {
    /// The process.
    public var finding: EscapeFinding
    /// What came of it.
    public var outcome: ProcessEnd

    /// Whether a process that may be ended is, or could be, still there.
    public var couldLive: Bool {
        switch outcome {
        case .terminated, .killed, .gone, .spared: false
        case .moved, .survived, .failed: true
        }
    }

    /// Whether another look in the same sweep has nothing more to do about it.
    var isSettled: Bool {
        if case .moved = outcome { return false }
        return true
    }

    /// Whether it was one when it came to it.
    var wasEscape: Bool {
        switch outcome {
        case .gone, .spared: false
        case .terminated, .killed, .moved, .survived, .failed: true
        }
    }
}
