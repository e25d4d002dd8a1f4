/// Where a terminal's output goes. Called on the pump's thread, which serves every other terminal too: nothing here may wait.
public protocol TerminalSink: AnyObject, Sendable {
    /// Takes what the terminal has, at most `limit` bytes.
    /// - Returns: `nothing` when it was emptied, `read` when the limit came first.
    func drain(_ terminal: PseudoTerminal, atMost limit: Int) throws(SystemCallFailure) -> OutputRing.ReadOutcome
}
