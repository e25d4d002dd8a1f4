/// Whether the client of a terminal should look again and again for the echo of a key, or sleep until it comes.
///
/// To be woken takes longer than all else on a key's way where a processor that idles is slow to come back, as in many virtual machines:
/// there, looking is quicker. Where it is quick, and where the processors are busy, whoever looks is in the way of those who make
/// the echo. No property of the machine says which it is, and it changes with what else runs; so both are tried, what is
/// quicker is done, and now and then the other is tried again. Looking costs a processor, and must be clearly quicker.
///
/// Pure: it answers what to do, and is told how long that took.
struct EchoWait: Equatable {
    enum Way: Equatable {
        /// At most half a millisecond of a processor.
        case looking
        case sleeping
    }

    /// Within so long most programs have answered a key. What takes longer is no matter of being woken.
    static let limit: Duration = .microseconds(500)

    /// Keys that are tried both ways in turn at first.
    private static let trials = 8
    /// Of so many keys one is then tried in the way that was slower.
    private static let interval = 128
    /// Looking must take less of the time that sleeping takes than this.
    private static let gain = 0.9

    /// What echoes took lately; nil before the first.
    private var looking: Duration?
    private var sleeping: Duration?
    private var count = 0

    /// The way for the next key.
    mutating func next() -> Way {
        defer { count += 1 }
        if count < Self.trials { return count.isMultiple(of: 2) ? .sleeping : .looking }
        return count.isMultiple(of: Self.interval) ? (quicker == .looking ? .sleeping : .looking) : quicker
    }

    private var quicker: Way {
        guard let looking, let sleeping else { return .sleeping }
        return looking < sleeping * Self.gain ? .looking : .sleeping
    }

    /// An echo came, or did not come within ``limit``.
    mutating func took(_ duration: Duration, by way: Way) {
        let duration = min(duration, Self.limit)
        // The last few of them: a machine that gets busy shows within some keys, and one echo that was held up decides nothing.
        func averaged(_ before: Duration?) -> Duration {
            before.map { $0 + (min(max(duration, $0 / 2), $0 * 2) - $0) / 4 } ?? duration
        }
        switch way {
        case .looking: looking = averaged(looking)
        case .sleeping: sleeping = averaged(sleeping)
        }
    }
}
