import CgroupPty

/// Whose window decides a terminal's size: the client that typed last, or that came last.
///
/// So nobody's screen is cut for the sake of a smaller window that somebody has left open elsewhere. When that client goes, the
/// one before it decides again. A client that only looks never does. Pure: it answers which size is to be set.
struct SizeRule: Equatable {
    private struct Window: Equatable {
        var size: WindowSize
        /// Counts up with every turn: the highest decides.
        var turn: UInt64
    }

    private var windows: [UInt64: Window] = [:]
    private var turns: UInt64 = 0

    /// A client tells its window's size.
    /// - Returns: the size to set, nil when another client decides.
    mutating func resized(_ client: UInt64, to size: WindowSize) -> WindowSize? {
        if windows[client] == nil {
            turns += 1
            windows[client] = Window(size: size, turn: turns)
        } else {
            windows[client]?.size = size
        }
        return isDecided(by: client) ? size : nil
    }

    /// A client types.
    /// - Returns: the size to set, nil when it decided already or has told no size.
    mutating func typed(_ client: UInt64) -> WindowSize? {
        guard let window = windows[client], !isDecided(by: client) else { return nil }
        turns += 1
        windows[client]?.turn = turns
        return window.size
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
