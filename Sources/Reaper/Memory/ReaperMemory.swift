public import CgroupPty

/// What one pass leaves to the next.
///
/// All moments are of `CLOCK_BOOTTIME`, so it means nothing in another boot. Losing it costs a pass: what was remembered is
/// remembered anew, and a guard is never shortened by it.
public struct ReaperMemory: Sendable, Equatable {
    /// A kill that was not confirmed.
    public struct FailedKill: Sendable, Equatable, Codable {
        /// When it was tried first, in nanoseconds since boot.
        public var since: UInt64
        /// How often it was tried.
        public var tries: Int
        /// What came of the last try, in words.
        public var outcome: String

        /// Records a kill.
        public init(since: UInt64, tries: Int, outcome: String) {
            self.since = since
            self.tries = tries
            self.outcome = outcome
        }
    }

    /// Identities of processes that are kept at most (I8): four times what a host is built for. The newest are dropped.
    public static let witnessLimit = 65_536

    /// Units that nothing explains, by name, and when they were seen first, in nanoseconds since boot.
    public var unexplained: [String: UInt64] = [:]
    /// Sessions whose row says that they live and whose scope is missing, and since when, in nanoseconds since boot.
    public var missing: [SessionID: UInt64] = [:]
    /// Kills that were not confirmed, by unit. The very next pass tries again.
    public var failedKills: [String: FailedKill] = [:]
    /// Processes that an environment alone does not tie to a workspace: they were seen inside its slice, or on a terminal of it.
    public var witnesses: EscapeWitnesses = EscapeWitnesses()

    /// Makes a memory of nothing.
    public init() {}

    /// Records that a kill was not confirmed.
    public mutating func recordFailedKill(_ unit: String, outcome: String, now: Deadline) {
        let earlier = failedKills[unit]
        failedKills[unit] = FailedKill(
            since: earlier?.since ?? now.bootNanoseconds, tries: (earlier?.tries ?? 0) + 1, outcome: outcome)
    }

    /// Records that nothing of a unit is left.
    public mutating func forget(_ unit: String) {
        unexplained[unit] = nil
        failedKills[unit] = nil
    }
}
