public import CgroupPty

/// One process that left its workspace's slice, or looks as if it had.
public struct EscapeFinding: Sendable, Equatable {
    /// The process as it was seen.
    public var process: ProcessDescription
    /// Whose it is, or seems to be.
    public var workspace: WorkspaceID
    /// What speaks for it.
    public var evidence: [EscapeEvidence]
    /// Where it is, in words.
    public var cgroup: String { process.cgroupText }
}
