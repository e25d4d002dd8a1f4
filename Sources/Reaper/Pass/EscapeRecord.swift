public import CgroupPty

/// One process that left its workspace's slice, or looks as if it had, and what a pass did about it.
public struct EscapeRecord: Sendable, Equatable {
    /// The number, to show.
    public var pid: ProcessID
    /// Its command's name.
    public var command: String
    /// Where it was seen.
    public var cgroup: String
    /// Whose it is, or seems to be.
    public var workspace: WorkspaceID
    /// The facts that speak for it, in words.
    public var evidence: [String]
    /// Whether it was ended; else it is only reported.
    public var wasKilled: Bool
    /// What came of it, in words.
    public var outcome: String

    init(_ finding: EscapeFinding, wasKilled: Bool, outcome: String) {
        pid = finding.process.identity.pid
        command = finding.process.command
        cgroup = finding.cgroup
        workspace = finding.workspace
        evidence = finding.evidence.map(\.description)
        self.wasKilled = wasKilled
        self.outcome = outcome
    }

    /// Records a process that was only reported.
    public init(reported finding: EscapeFinding, because reason: String) {
        self.init(finding, wasKilled: false, outcome: reason)
    }

    /// Records a process that was to be ended.
    public init(_ end: EscapeEnd) {
        let (wasKilled, outcome): (Bool, String) =
            switch end.outcome {
            case .terminated: (true, "it exited upon SIGTERM")
            case .killed: (true, "it exited upon SIGKILL")
            case .gone: (false, "it had gone by itself")
            case .spared(let reason): (false, "it was left alone: \(reason)")
            case .moved(let place): (false, "it moved to \(place) before anything was sent")
            case .survived(let survivor):
                (false, "it survived SIGKILL" + (survivor.map { " in state \($0.state)" } ?? ""))
            case .failed(let reason): (false, reason)
            }
        self.init(end.finding, wasKilled: wasKilled, outcome: outcome)
    }
}
