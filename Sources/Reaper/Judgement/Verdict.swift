public import CgroupPty
public import SessionIndex

/// What reconciliation decided about one thing.
///
/// What ends processes carries ``Evidence``, what declares something dead carries ``Absence``; both can only be made from a look
/// that saw as much (I3).
public enum Verdict: Sendable, Equatable {
    /// Why a session's scope is kept.
    public enum Keeping: Sendable, Equatable {
        /// Its row claims it.
        case claimed
        /// Its row claims it, and nobody holds its PTY master.
        case terminalLost
        /// Its leader has exited, and the rest is to stay (`on_exit=keep`).
        case survivors
        /// Its scope holds nothing, and its leader lives in this cgroup.
        case leaderElsewhere(String)
    }

    /// The session lives and is to live.
    case keep(ScopeName, Keeping)
    /// The session is over, and nothing is there.
    case settled(SessionID)
    /// A cgroup in a workspace's slice that is no session's: it lives with the workspace, and dies with it.
    case belongs(CgroupPath, WorkspaceID)
    /// Nothing explains it; seen for the first time.
    case remember(OwnUnit)
    /// Neither row nor workspace nor receipt explains it.
    case unclaimed(ScopeName, members: Int?)
    /// A scope of a workspace that lives, without a row: it gets one.
    case recover(ScopeName, Reading<[ProcessIdentity]>)
    /// A session that was believed lost lives (I4).
    case reactivate(SessionRow)
    /// The session is over.
    case conclude(SessionRow, Conclusion, Absence)
    /// The scope is to be ended, or the leader that left it; the row that it was judged from, if there is one.
    case reap(ScopeName, SessionRow?, Evidence)
    /// All that is left in the slice of a workspace that is gone is to be ended.
    case endSlice(InstanceID, WorkspaceID, Evidence)
    /// systemd calls it active, and nothing is in it.
    case stopUnit(OwnUnit, Absence)
    /// systemd remembers that it failed, and nothing is in it.
    case resetUnit(OwnUnit, Absence)
    /// A populated scope of another instance.
    case foreign(ScopeName)
    /// Left as it is: what, and why.
    case leave(String, Doubt)

    /// Whether it ends processes.
    public var endsProcesses: Bool {
        switch self {
        case .reap, .endSlice: true
        case .keep, .settled, .belongs, .remember, .unclaimed, .recover, .reactivate, .conclude, .stopUnit, .resetUnit,
            .foreign, .leave:
            false
        }
    }

    /// Whether it changes anything: a row, a unit, a process.
    public var acts: Bool {
        switch self {
        case .reap, .endSlice, .recover, .reactivate, .conclude, .stopUnit, .resetUnit: true
        case .keep, .settled, .belongs, .remember, .unclaimed, .foreign, .leave: false
        }
    }
}
