public import CgroupPty
public import SessionIndex

/// Why processes may be ended: what condemns them, and the look that saw them.
///
/// Only a look that found something populated, or a leader alive outside of its scope, makes one, so no verdict that ends processes
/// can be built without it (I3).
public struct Evidence: Sendable, Equatable {
    /// What the index says, or does not say, of those who are to be ended.
    public enum Condemnation: Sendable, Equatable {
        /// The row says that the kernel had confirmed its end.
        case disposed
        /// The row says that the session is over, for this reason.
        case ended(SessionRow.EndReason)
        /// Its end was asked for.
        case stamped
        /// Its workspace's row is gone.
        case workspaceGone
        /// Its workspace has a tombstone and nobody is at work on it.
        case workspaceDeleting
        /// The row says `starting` and nobody is starting it.
        case startAbandoned
        /// No row, and its workspace was deleted; seen in two passes.
        case spentWorkspace
        /// Neither row nor workspace nor receipt; seen in two passes, and a person asked for its end.
        case unclaimed
        /// An earlier pass tried, and was not confirmed.
        case failedKill(String)
    }

    /// What condemns them.
    public let condemnation: Condemnation
    /// The processes that were seen.
    public let members: Reading<[ProcessIdentity]>
    /// Where the leader lives when it is all that is left of the session; nil when it is the scope that was seen populated.
    public let leaderPlace: String?

    /// Takes down what was seen; nil unless it was populated.
    init?(_ condemnation: Condemnation, _ presence: Presence) {
        guard case .populated(let members) = presence else { return nil }
        self.condemnation = condemnation
        self.members = members
        leaderPlace = nil
    }

    /// Takes down that a leader was seen alive outside of its scope, which holds nothing; nil when it was not.
    init?(_ condemnation: Condemnation, _ leader: ProcessIdentity, _ place: LeaderPlace) {
        guard case .elsewhere(let cgroup) = place else { return nil }
        self.condemnation = condemnation
        members = .known([leader])
        leaderPlace = cgroup
    }
}

extension Evidence: CustomStringConvertible {
    /// For instance `its end was asked for; 3 processes`.
    public var description: String {
        if let leaderPlace { return "\(condemnation); its scope holds nothing, and its leader lives in \(leaderPlace)" }
        return switch members {
        case .known(let members): "\(condemnation); \(members.count) process\(members.count == 1 ? "" : "es")"
        case .unknown: "\(condemnation); an unknown number of processes"
        }
    }
}

extension Evidence.Condemnation: CustomStringConvertible {
    /// In words.
    public var description: String {
        switch self {
        case .disposed: "its row is disposed"
        case .ended(let reason): "its row is exited (\(reason.rawValue))"
        case .stamped: "its end was asked for"
        case .workspaceGone: "its workspace is gone"
        case .workspaceDeleting: "its workspace is being deleted, and nobody is at work on that"
        case .startAbandoned: "its start was never finished"
        case .spentWorkspace: "it has no row, and its workspace was deleted"
        case .unclaimed: "no row and no receipt explains it, and the end of such was asked for"
        case .failedKill(let outcome): "an earlier try was not confirmed (\(outcome))"
        }
    }
}
