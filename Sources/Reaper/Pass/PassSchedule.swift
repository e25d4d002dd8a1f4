import CgroupPty

/// When the loop makes its next pass: after the interval, or soon after one that left something undone, later each time.
struct PassSchedule: Sendable {
    private let first: Duration
    private let last: Duration
    private var retry: Duration
    /// From one pass to the next.
    var interval: Duration = .seconds(300)
    /// When the next pass is due.
    private(set) var due: Deadline = .now

    /// Takes the shortest and the longest wait after a pass that left something undone.
    init(first: Duration, last: Duration) {
        self.first = first
        self.last = last
        retry = first
    }

    /// Makes the next pass due at once.
    mutating func start(every interval: Duration) {
        self.interval = interval
        due = .now
    }

    /// Makes the next pass due soon: somebody else's kill has failed.
    mutating func killFailed() { due = min(due, .after(min(retry, interval))) }

    /// Makes the next pass due after one was made.
    mutating func passWasMade(needsAnother: Bool) {
        guard needsAnother else {
            retry = first
            due = .after(interval)
            return
        }
        due = .after(min(retry, interval))
        retry = min(retry * 2, last)
    }
}
