/// How many entries of one kind go to the journal: what comes in floods must not keep the rest out.
///
/// journald takes 10,000 entries of a service in 30 s, or some times as many with much disk, counted apart for errors, warnings and the
/// rest, and drops what comes beyond, whatever it is. All services of a user's manager are one service to it, `user@UID.service`, so
/// that `LogRateLimitBurst=` in a unit of theirs changes nothing.
///
/// See: journald.conf(5) `RateLimitBurst=`; systemd v252 src/journal/journald-rate-limit.c
struct JournalQuota: Sendable {
    /// What becomes of an entry.
    enum Verdict: Sendable, Equatable {
        /// It is written. So many of its kind were held back before.
        case admit(heldBefore: Int)
        case hold
    }

    /// Entries of a kind in ``interval``. More than 3,500, so that the ends of all sessions of a host that is stopped are there; less
    /// than half of what journald takes.
    static let burst = 4_000
    /// journald's own.
    static let interval = Duration.seconds(30)

    private struct Span {
        var began: ContinuousClock.Instant
        var admitted = 0
        var held = 0
    }

    /// Kinds are places in the source and kinds of events: some hundreds at most.
    private var spans: [String: Span] = [:]

    /// Counts an entry.
    mutating func admit(_ kind: String, at now: ContinuousClock.Instant) -> Verdict {
        var span = spans[kind] ?? Span(began: now)
        var held = 0
        if now - span.began >= Self.interval {
            held = span.held
            span = Span(began: now)
        }
        let isAdmitted = span.admitted < Self.burst
        if isAdmitted { span.admitted += 1 } else { span.held += 1 }
        spans[kind] = span
        return isAdmitted ? .admit(heldBefore: held) : .hold
    }
}
