/// A configuration that is refused: nothing of it was applied.
public struct ConfigurationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// All that is wrong, each with its file and line, or its option, and what is wanted.
    public let problems: [String]
    /// Whether only the command line is to blame.
    let isUsage: Bool

    /// What a program exits with that is configured wrongly, or called wrongly.
    ///
    /// See: sysexits.h(3head) `EX_CONFIG`, `EX_USAGE`; systemd.exec(5) "Process Exit Codes"
    public var exitStatus: Int32 { isUsage ? 64 : 78 }

    /// The problems, a line each.
    public var description: String { problems.joined(separator: "\n") }
}
