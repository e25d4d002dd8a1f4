/// What `corral doctor` found: all that the promise rests on, a check each.
public struct DoctorDocument: Codable, Sendable, Equatable {
    /// How a check ended.
    public enum Verdict: String, Codable, Sendable, CaseIterable {
        case ok
        /// It works, and something that people may count on does not.
        case warning
        /// Corral cannot keep its promise like this.
        case failure
    }

    /// One thing that was looked at.
    public struct Check: Codable, Sendable, Equatable {
        /// A stable word, such as `cgroup`.
        public var name: String
        public var verdict: Verdict
        /// What is so.
        public var found: String
        /// Where it was looked.
        public var source: String
        /// What to do about it; null where nothing is to be done.
        @ExplicitNull public var mend: String?

        /// Makes a check from its parts.
        public init(_ name: String, _ verdict: Verdict, _ found: String, from source: String, mend: String? = nil) {
            self.name = name
            self.verdict = verdict
            self.found = found
            self.source = source
            self.mend = mend
        }
    }

    public var checks: [Check]

    /// Gathers checks.
    public init(checks: [Check]) { self.checks = checks }
}
