public import CgroupPty
public import FoundationEssentials

/// The result of one pass. In a dry run the counts say what would be done.
public struct PassReport: Sendable, Equatable {
    /// A populated scope of ours that no row and no receipt explains.
    public struct Unclaimed: Sendable, Equatable {
        /// The scope.
        public var scope: ScopeName
        /// The processes in it; nil when they could not be listed.
        public var members: Int?
    }

    /// Lines and suspects that are kept at most (I8).
    public static let listLimit = 500

    /// When the pass began.
    public var at: Date
    /// How long it took.
    public var milliseconds: Int = 0
    /// How long it looked at cgroups.
    public var groundMicroseconds: Int = 0
    /// How long it read processes and judged whether they left their slices, but for ending those that have.
    public var escapeMicroseconds: Int = 0
    /// Whether nothing was changed.
    public var isDryRun: Bool
    /// Scopes and slices that were ended.
    public var reaped: Int = 0
    /// Scopes and slices whose end the kernel did not confirm.
    public var failed: Int = 0
    /// Sessions that live and are to live.
    public var kept: Int = 0
    /// Sessions that got their row back.
    public var recovered: Int = 0
    /// Sessions whose row says now that they are over.
    public var concluded: Int = 0
    /// Units that systemd was told to forget.
    public var tidied: Int = 0
    /// Units that nothing explains, seen for the first time.
    public var remembered: Int = 0
    /// Cgroups beside the sessions in the slices of workspaces that live.
    public var strangers: Int = 0
    /// Scopes that nothing explains, seen again.
    public var unclaimed: [Unclaimed] = []
    /// What was left as it is, counted by ``Doubt/word``; `other_instance` counts what belongs to others.
    public var skipped: [String: Int] = [:]
    /// Processes outside their slices that meet the kill rule.
    public var escapes: [EscapeRecord] = []
    /// Processes that look as if they had left their slice.
    public var suspects: [EscapeRecord] = []
    /// Suspects that are not in the list.
    public var suspectsOmitted: Int = 0
    /// Processes that could have left a slice and could not be read.
    public var unreadable: Int = 0
    /// Why nothing was learnt about processes that left their slice; nil when it was.
    public var escapeFailure: String?
    /// Sessions whose PTY master nobody holds.
    public var terminalsLost: [SessionID] = []
    /// Sessions whose scope holds nothing and whose leader lives in another cgroup.
    public var leadersElsewhere: [SessionID: String] = [:]
    /// Why the ground could not be read as a whole; then nothing was judged by it.
    public var groundFailure: String?
    /// What the pass did or would do, and what it left for a reason that a person should know, a line each.
    public var actions: [String] = []
    /// Whether there is something left that the next pass could finish: an end that failed, or what changed before it was acted on.
    var needsAnother: Bool {
        failed > 0
            || records.contains {
                if case .spared(.overtaken) = $0.action { true } else { false }
            }
    }
    /// What ``skipped`` counts what belongs to others under.
    static let otherInstance = "other_instance"
    /// Whether the pass has left no unit of this instance unexplained or in doubt.
    public var isConclusive: Bool {
        groundFailure == nil && remembered == 0 && unclaimed.isEmpty && !needsAnother
            && skipped.keys.allSatisfy { $0 == Self.otherInstance }
    }
    /// What the pass did or would do, one by one.
    public var records: [PassRecord] = []

    /// Makes the report of a pass that has found nothing yet.
    public init(at: Date, isDryRun: Bool) {
        self.at = at
        self.isDryRun = isDryRun
    }

    /// The pass in one line.
    public var summary: String {
        var parts = [
            "reaped \(reaped)", "failed \(failed)", "kept \(kept)", "recovered \(recovered)", "concluded \(concluded)",
            "tidied \(tidied)", "remembered \(remembered)", "unclaimed \(unclaimed.count)",
        ]
        let reasons = skipped.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        parts.append(
            "skipped \(skipped.values.reduce(0, +))" + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"))
        parts += ["escapes \(escapes.count)", "suspects \(suspects.count + suspectsOmitted)", "\(milliseconds) ms"]
        return (isDryRun ? "dry run: would have " : "") + parts.joined(separator: ", ")
    }

    mutating func addLine(_ line: String) {
        if actions.count < Self.listLimit {
            actions.append(line)
        } else if actions.count == Self.listLimit {
            actions.append("(more)")
        }
    }

    mutating func skip(_ word: String) { skipped[word, default: 0] += 1 }
}
