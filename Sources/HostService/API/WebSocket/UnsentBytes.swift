import NIOConcurrencyHelpers

/// How far behind an attached client is: the bytes that were handed out and that its socket has not taken (I8).
final class UnsentBytes: Sendable {
    private let count = NIOLockedValueBox(0)
    private let limit: Int

    /// Begins at zero.
    init(limit: Int) {
        self.limit = limit
    }

    /// Counts bytes that are handed out.
    /// - Returns: False when they are beyond the limit; they are not counted then.
    func add(_ bytes: Int) -> Bool {
        count.withLockedValue { count in
            guard count + bytes <= limit else { return false }
            count += bytes
            return true
        }
    }

    /// The socket has taken bytes, or will never.
    func remove(_ bytes: Int) {
        count.withLockedValue { $0 -= bytes }
    }
}
