/// What the deletion of a tree did.
struct DeletionReport: Sendable, Equatable {
    /// Failures that are kept in words.
    static let shown = 5

    /// Files, links and the like that were removed.
    var files = 0
    /// Directories that were removed.
    var directories = 0
    /// Entries that could not be removed, in the last round.
    private(set) var failureCount = 0
    /// The first failures: call, path and the kernel's answer.
    private(set) var failures: [String] = []
    /// Whether it was stopped before it was through.
    var wasStopped = false

    /// Counts a failure, and keeps it if it is among the first.
    mutating func add(failure: @autoclosure () -> String) {
        failureCount += 1
        if failures.count < Self.shown { failures.append(failure()) }
    }

    /// Begins a round that will meet all that is left again.
    mutating func forgetFailures() {
        failureCount = 0
        failures = []
    }
}
