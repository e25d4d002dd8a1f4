public import CgroupPty

/// What came of ending one escaped process.
public struct EscapeEnd: Sendable, Equatable {
    /// What came of it.
    public enum Outcome: Sendable, Equatable {
        /// It exited upon SIGTERM.
        case terminated
        /// It exited upon SIGKILL.
        case killed
        /// It had gone by itself.
        case gone
        /// A second look found that it is none, so nothing was sent. Why.
        case spared(String)
        /// It was elsewhere at the second look, so nothing was sent; the next look will find it there. Where.
        case moved(String)
        /// SIGKILL was sent, and it is still there.
        case survived(Survivor?)
        /// A signal could not be sent, or nothing is known of what became of it. Why.
        case failed(String)
    }

    /// The process.
    public var finding: EscapeFinding
    /// What came of it.
    public var outcome: Outcome

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
