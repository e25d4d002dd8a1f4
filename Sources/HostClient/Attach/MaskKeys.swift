import Glibc

/// Keys for the frames of a client, unpredictable as RFC 6455 asks, and not a system call each.
struct MaskKeys {
    private var store: [UInt8] = []

    /// A key that was not given out before.
    mutating func next() -> [UInt8] {
        if store.count < 4 {
            var generator = SystemRandomNumberGenerator()
            store = (0..<64).flatMap { _ in
                let word = generator.next()
                return (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
            }
        }
        defer { store.removeLast(4) }
        return Array(store.suffix(4))
    }
}
