import Glibc

/// A moment after which a wait is given up. Every wait has one (I8).
///
/// It counts `CLOCK_BOOTTIME`, which goes on while the machine sleeps and is not set by anybody.
/// See: clock_gettime(2)
public struct Deadline: Sendable, Comparable {
    /// Nanoseconds since boot.
    public let bootNanoseconds: UInt64

    /// The moment at `bootNanoseconds`.
    public init(bootNanoseconds: UInt64) {
        self.bootNanoseconds = bootNanoseconds
    }

    /// A moment so long from now, a hundred years at most.
    public static func after(_ duration: Duration) -> Deadline {
        // Beyond it the sums of those who wait would overflow, and a client may have named the figure.
        let (seconds, attoseconds) = min(max(duration, .zero), .seconds(100 * 365 * 86_400)).components
        return Deadline(
            bootNanoseconds: now.bootNanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        )
    }

    /// This moment.
    public static var now: Deadline {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Deadline(bootNanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// What is left until the moment, zero when it has passed; about 290 years at most.
    public var remaining: Duration {
        let now = Deadline.now.bootNanoseconds
        return bootNanoseconds <= now ? .zero : .nanoseconds(Int64(clamping: bootNanoseconds - now))
    }

    /// Whether the moment has come.
    public var hasPassed: Bool { Deadline.now >= self }

    /// Milliseconds from this moment until now.
    public var millisecondsAgo: Int { microsecondsAgo / 1000 }

    /// Microseconds from this moment until now.
    public var microsecondsAgo: Int {
        let now = Deadline.now.bootNanoseconds
        return now <= bootNanoseconds ? 0 : Int((now - bootNanoseconds) / 1000)
    }

    /// Orders by time.
    public static func < (left: Deadline, right: Deadline) -> Bool { left.bootNanoseconds < right.bootNanoseconds }
}
