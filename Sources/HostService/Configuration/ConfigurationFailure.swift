/// A configuration that is refused: nothing of it was applied.
public struct ConfigurationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// How many are told. A person corrects some and asks again; what is no configuration at all has as many as it has lines.
    static let shownProblems = 20

    /// What is wrong, each with its file and line, or its option, and what is wanted; and how many more there are.
    public let problems: [String]
    /// Whether only the command line is to blame.
    let isUsage: Bool

    /// Keeps what is told of what is wrong.
    init(problems: [String], isUsage: Bool) {
        let more = problems.count - Self.shownProblems
        self.problems = problems.prefix(Self.shownProblems) + (more > 0 ? ["and \(more) more"] : [])
        self.isUsage = isUsage
    }

    /// What a program exits with that is configured wrongly, or called wrongly.
    ///
    /// See: sysexits.h(3head) `EX_CONFIG`, `EX_USAGE`; systemd.exec(5) "Process Exit Codes"
    public var exitStatus: Int32 { isUsage ? 64 : 78 }

    /// The problems, a line each.
    public var description: String { problems.joined(separator: "\n") }
}
