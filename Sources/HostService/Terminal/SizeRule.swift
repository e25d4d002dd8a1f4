import CgroupPty

/// Whose window decides a terminal's size: the client that typed last, or that came last.
///
/// So nobody's screen is cut for the sake of a smaller window that somebody has left open elsewhere. When that client goes, the
/// one before it decides again. A client that only looks never does. One that comes back, as all do after a restart of the host, takes
/// the place that it had by when its user typed. Pure: it answers which size is to be set.
struct SizeRule: Equatable {
    /// The highest decides.
    private struct Turn: Comparable {
        var at: ContinuousClock.Instant
        /// Counts up, for two at the same moment.
        var number: UInt64

        static func < (one: Turn, other: Turn) -> Bool { (one.at, one.number) < (other.at, other.number) }
    }

    private struct Window: Equatable {
        var size: WindowSize
        var turn: Turn
    }

    private var windows: [UInt64: Window] = [:]
    private var turns: UInt64 = 0

    /// A client tells its window's size.
    /// - Parameter moment: when its user typed last, for one that comes back.
    /// - Returns: the size to set, nil when another client decides.
    mutating func resized(
        _ client: UInt64, to size: WindowSize, at moment: ContinuousClock.Instant = .now
    ) -> WindowSize? {
        if windows[client] == nil {
            windows[client] = Window(size: size, turn: turn(at: moment))
        } else {
            windows[client]?.size = size
        }
        return isDecided(by: client) ? size : nil
    }

    /// A client types.
    /// - Returns: the size to set, nil when it decided already or has told no size.
    mutating func typed(_ client: UInt64, at moment: ContinuousClock.Instant = .now) -> WindowSize? {
        guard var window = windows[client] else { return nil }
        let decided = isDecided(by: client)
        window.turn = turn(at: moment)
        windows[client] = window
        return decided ? nil : window.size
    }

    private mutating func turn(at moment: ContinuousClock.Instant) -> Turn {
        turns += 1
        return Turn(at: moment, number: turns)
    }

    /// A client has gone.
    /// - Returns: the size to set, nil when somebody else decided or nobody is left.
    mutating func left(_ client: UInt64) -> WindowSize? {
        let decided = isDecided(by: client)
        windows[client] = nil
        return decided ? windows.values.max { $0.turn < $1.turn }?.size : nil
    }

    private func isDecided(by client: UInt64) -> Bool {
        windows[client].map { own in windows.values.allSatisfy { $0.turn <= own.turn } } ?? false
    }
}
