/// What came of ending everything in a scope or slice.
public struct StopReport: Sendable, Equatable {
    /// What the kernel said in the end.
    public enum Outcome: Sendable, Equatable {
        /// `populated 0`, or the cgroup is absent below an ancestor that is there; and every pinned leader has exited (I2).
        case confirmed
        /// Processes are left that did not end although they were sent SIGKILL.
        case unkillable([Survivor])
        /// A fact could not be read, so nothing is known (I3).
        case unknown(String)
    }

    /// The gentlest means after which nothing was left.
    public enum Means: String, CaseIterable, Sendable, Comparable {
        /// It was empty before anything was sent.
        case exited
        /// SIGHUP to the leaders.
        case hangup
        /// systemd's stop: SIGTERM, SIGHUP, and SIGKILL after the grace; or SIGTERM to a leader that had left.
        case terminated
        /// `cgroup.kill`; or SIGKILL to a leader that had left.
        case killed

        /// Gentler means are less.
        public static func < (left: Means, right: Means) -> Bool { left.rank < right.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What the kernel said in the end.
    public var outcome: Outcome
    /// Nil unless confirmed.
    public var means: Means?
    /// Processes that were there before anything was sent; nil when they could not be listed.
    public var membersSignalled: Int?
    /// From the first look to the last.
    public var milliseconds: Int
    /// What went wrong on the way without changing the outcome, for instance that systemd could not be reached.
    public var remarks: [String]
}
