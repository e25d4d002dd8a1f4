public import CgroupPty

/// Whether anything lives in a cgroup of ours: alive, dead or unknown (I3).
public enum Presence: Sendable, Equatable {
    /// `populated 1`, with the processes that were listed then. Their list can be unknown although their being there is not.
    case populated(Reading<[ProcessIdentity]>)
    /// `populated 0`.
    case empty
    /// There is no such cgroup, below an ancestor that was there when it was looked for (I2).
    case absent
    /// It could not be read, and why.
    case unknown(String)
}
